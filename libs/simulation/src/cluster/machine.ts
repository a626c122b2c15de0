/**
 * One simulated machine: a disk that outlives its processes, and at most one broker process on it, a real `Broker` over
 * simulated doors. Holds the process of the moment and what the last one ended with. Faults and the cluster call it:
 * start, kill, power loss, stop and continue (SIGSTOP, SIGCONT), shutdown in order.
 *
 * What must hold: a process that ends by itself (its log failed, its port is taken) is an exit, which a supervisor may
 * answer with a restart; an exception that leaves the broker's code is a crash, which fails the run.
 */
import { Broker, readConfig, type BrokerConfig, type Environment } from '@tidemark/broker';
import { pino, type Logger } from 'pino';
import type { Mutant } from '../run/mutants.js';
import { BrokerView } from './broker-view.js';
import { DiskImage } from '../doors/disk-image.js';
import { Incarnation, KilledError } from '../doors/incarnation.js';
import type { NetworkHub } from '../doors/network-hub.js';
import type { SeededRandom } from '../doors/seeded-random.js';
import { SimulatedDisk } from '../doors/simulated-disk.js';
import { SimulatedNetwork } from '../doors/simulated-network.js';
import { VirtualClock } from '../doors/virtual-clock.js';
import { CrashedError, type World } from '../doors/world.js';

export const BROKER_PORT = 9092;
export const DATA_DIRECTORY = '/data';

export const hostOf = (node: number): string => `10.0.0.${node}`;

export interface MachineOptions {
  readonly world: World;
  readonly hub: NetworkHub;
  readonly random: SeededRandom;
  readonly id: number;
  readonly environment: Environment;
  readonly logger?: Logger | undefined;
  /** What the wall clock of the machine is off by. */
  readonly skewMs?: number;
  readonly mutant?: Mutant | undefined;
}

/** Why a process is not there any more. */
export type Ending = 'killed' | 'power-lost' | 'exited' | 'shut-down';

/** A logger takes long to make, its children do not. */
const SILENT = pino({ level: 'silent' });

/** A process starts so long after its machine's monotonic clock did. */
const BOOT_MS = 1_000;

export class Machine {
  readonly id: number;
  readonly host: string;
  readonly disk: DiskImage;
  incarnation: Incarnation | undefined;
  broker: Broker | undefined;
  view: BrokerView | undefined;
  /** Clients are answered. */
  ready = false;
  ending: Ending | undefined;
  /** What a process that ended by itself said. */
  lastError: Error | undefined;
  /** Called when the process of the moment is gone, however it went. */
  onEnded: ((ending: Ending) => void) | undefined;
  private disks: SimulatedDisk | undefined;
  private lives = 0;
  private boots = 1;

  constructor(private readonly options: MachineOptions) {
    this.id = options.id;
    this.host = hostOf(options.id);
    this.disk = new DiskImage(options.random.fork(`disk:${options.id}`));
    this.disk.lies = options.mutant?.lies;
  }

  get running(): boolean {
    return this.incarnation?.alive === true;
  }

  get stopped(): boolean {
    return this.running && this.incarnation?.stopped === true;
  }

  start(): void {
    if (this.running) return;
    const { world, hub, random, id, logger } = this.options;
    this.lives += 1;
    const owner = new Incarnation(id, this.lives);
    this.incarnation = owner;
    this.ending = undefined;
    hub.powered(this.host);
    this.disk.reopen();
    const purpose = `${id}/${this.lives}`;
    const disk = new SimulatedDisk({
      world,
      image: this.disk,
      owner,
      random: random.fork(`latency:${purpose}`),
      onKilled: () => this.ended('killed'),
    });
    this.disks = disk;
    const doors = {
      clock: new VirtualClock(world, owner, this.options.skewMs, world.now - BOOT_MS),
      random: random.fork(`broker:${purpose}`),
      disk,
      network: new SimulatedNetwork(hub, owner, this.host),
    };
    // The process begins in a turn of its own.
    world.schedule(0, owner, () => this.run(owner, doors, logger ?? this.quiet(owner)));
  }

  kill(): void {
    if (!this.running) return;
    this.ended('killed');
  }

  /** So many changes of the disk from now the process dies in the middle of one; nothing: it does not. */
  killInDiskCall(after: number | undefined): void {
    if (this.disks !== undefined) this.disks.killAfter = after;
  }

  losePower(): void {
    const { running } = this;
    if (this.options.mutant?.hidesPowerLoss !== true) this.boots += 1;
    this.disk.losePower();
    if (running) this.ended('power-lost');
    else this.options.hub.dark.add(this.host);
  }

  stop(): void {
    if (this.incarnation !== undefined) this.incarnation.stopped = true;
  }

  continue(): void {
    if (this.stopped && this.incarnation !== undefined) this.options.world.resume(this.incarnation);
  }

  /** SIGTERM: the broker lets go of everything in order, then the process ends. */
  shutDown(): void {
    const { broker, incarnation, options } = this;
    if (broker === undefined || incarnation === undefined || !this.running) return;
    options.world.schedule(0, incarnation, () => {
      broker.stop().then(
        () => this.exit(incarnation, 'shut-down'),
        (error: unknown) => this.exit(incarnation, 'exited', error),
      );
    });
  }

  private run(
    owner: Incarnation,
    doors: ConstructorParameters<typeof Broker>[0]['doors'],
    logger: Logger,
  ): void {
    try {
      const broker = new Broker({
        config: this.config(),
        doors,
        logger,
        onFailed: (error) => this.exit(owner, 'exited', error),
        rules: this.options.mutant?.rules,
      });
      this.broker = broker;
      this.view = new BrokerView(broker);
      broker.start().then(
        () => {
          if (owner.alive) this.ready = true;
        },
        (error: unknown) => this.exit(owner, 'exited', error),
      );
    } catch (error) {
      this.exit(owner, 'exited', error);
    }
  }

  /** Says nothing, but what a broker reports as a bug of its own is a crash of the run. */
  private quiet(owner: Incarnation): Logger {
    const logger = SILENT.child({});
    logger.error = (said: unknown): void => {
      const { err } = said as { readonly err?: unknown };
      if (err !== undefined && owner.alive && isBug(err))
        this.options.world.failure = new CrashedError(this.id, err);
    };
    return logger;
  }

  private exit(owner: Incarnation, ending: Ending, error?: unknown): void {
    if (!owner.alive || error instanceof KilledError) return;
    if (error !== undefined && isBug(error)) {
      this.options.world.failure = new CrashedError(this.id, error);
    }
    this.lastError = error instanceof Error ? error : undefined;
    this.ended(ending);
  }

  private ended(ending: Ending): void {
    const { incarnation } = this;
    if (incarnation === undefined) return;
    incarnation.alive = false;
    this.ready = false;
    this.broker = undefined;
    this.view = undefined;
    this.ending = ending;
    if (this.options.mutant?.forgets !== undefined) this.disk.forget(this.options.mutant.forgets);
    this.options.hub.killed(incarnation, this.host, ending === 'power-lost');
    this.onEnded?.(ending);
  }

  private config(): BrokerConfig {
    const address = `${this.host}:${BROKER_PORT}`;
    const read = readConfig({
      TIDEMARK_NODE_ID: String(this.id),
      TIDEMARK_CLUSTER_ID: 'simulated',
      TIDEMARK_DATA: DATA_DIRECTORY,
      TIDEMARK_LISTEN: address,
      TIDEMARK_LOG_LEVEL: 'silent',
      TIDEMARK_BOOT_ID: `boot-${this.id}-${this.boots}`,
      ...this.options.environment,
    });
    if ('faults' in read) throw new Error(read.faults.join('; '));
    return { ...read.config, adminListen: undefined };
  }
}

/** Never the world's fault, whoever hands it over. */
function isBug(error: unknown): boolean {
  return !(error instanceof Error) || ['AssertionError', 'TypeError', 'RangeError'].includes(error.name);
}
