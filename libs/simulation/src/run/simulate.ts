/**
 * One run of one seed: start, create topics, load and faults, stop the load, heal, wait until everything has settled, read
 * all of it once more, check. Answers what came of it; throws only what is wrong with the simulator itself.
 *
 * What must hold: a seed and a schedule decide everything (`traceHash` tells); a run whose faults did not bite, or that
 * did too little, is `invalid`, not passed.
 */
import { ErrorCode, createTopicsApi } from '@tidemark/wire';
import type { Coverage } from '../checkers/coverage.js';
import { ViolationError, hold, type Invariant } from '../checkers/violation.js';
import { BrokerConnection } from '../client/broker-connection.js';
import type { SimulatedMember } from '../client/simulated-member.js';
import type { SimulatedProducer } from '../client/simulated-producer.js';
import type { SimulatedReader } from '../client/simulated-reader.js';
import { KilledError } from '../doors/incarnation.js';
import { CrashedError } from '../doors/world.js';
import { FAULTS_MS, scheduleOf, type FaultKind, type Schedule } from '../faults/fault.js';
import { Nemesis } from '../faults/nemesis.js';
import { clusterConfigOf } from './cluster-config.js';
import { Cluster, type ClusterOptions } from './cluster.js';

export interface SimulationOptions extends Pick<ClusterOptions, 'turns' | 'logger' | 'trace' | 'mutant'> {
  readonly seed: number;
  readonly schedule?: Schedule;
  readonly brokers?: number;
}

export interface SimulationResult {
  readonly seed: number;
  readonly outcome: 'passed' | 'failed' | 'invalid';
  /** What was violated, or why the run counts for nothing. */
  readonly detail: string;
  readonly invariant: Invariant | undefined;
  readonly coverage: Coverage;
  readonly struck: ReadonlyMap<FaultKind, number>;
  readonly bitten: number;
  readonly acknowledged: number;
  readonly virtualMs: number;
  readonly steps: number;
  readonly traceHash: number;
}

const START_MS = 15_000;
const LOAD_MS = FAULTS_MS + 3_000;
const SETTLE_MS = 40_000;
const READ_MS = 20_000;
const PRODUCERS = 2;
/** A reader beside the load lets some batches come together; who reads all at the end has nothing to wait for. */
const READ_PAUSE_MS = { load: 150, final: 1 } as const;

/** Less than this proves nothing. */
export const RUN_MIN = { acknowledged: 500, virtualMs: 40_000, bitten: 5 } as const;

let running: Cluster | undefined;

/** For `process.on('unhandledRejection')`: a broker's process would have ended by it. */
export function rejectedByNobody(error: unknown): void {
  if (error instanceof KilledError) return;
  if (running === undefined) throw error;
  running.world.failure = new CrashedError(running.world.lastNode, error);
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed } = options;
  const brokers = options.mutant?.brokers ?? options.brokers ?? 3;
  const config = clusterConfigOf(seed, brokers);
  const cluster = new Cluster({ ...options, config });
  const nemesis = new Nemesis(cluster);
  const result = (
    outcome: SimulationResult['outcome'],
    detail: string,
    invariant?: Invariant,
  ): SimulationResult => ({
    seed,
    outcome,
    detail,
    invariant,
    coverage: cluster.coverage,
    struck: nemesis.struck,
    bitten: nemesis.bitten,
    acknowledged: cluster.history.acknowledged,
    virtualMs: cluster.world.now,
    steps: cluster.world.steps,
    traceHash: cluster.world.traceHash,
  });
  running = cluster;
  try {
    await new Run(cluster, nemesis, options.schedule ?? scheduleOf(seed, options.mutant?.story)).run();
  } catch (error) {
    if (error instanceof ViolationError) return result('failed', error.message, error.invariant);
    if (error instanceof CrashedError) return result('failed', error.message, 'crash');
    throw error;
  } finally {
    running = undefined;
  }
  for (const { disk } of cluster.machines)
    cluster.coverage.reached('metadata snapshot written', disk.snapshots);
  if (cluster.groupHistory.generations > 1) cluster.coverage.reached('group rebalanced');
  const { acknowledged } = cluster.history;
  if (acknowledged < RUN_MIN.acknowledged)
    return result('invalid', `only ${acknowledged} records acknowledged`);
  if (nemesis.bitten < RUN_MIN.bitten) return result('invalid', `only ${nemesis.bitten} faults bit`);
  return result('passed', '');
}

class Run {
  private readonly producers: readonly SimulatedProducer[];
  private readonly readers: readonly SimulatedReader[];
  private readonly members: readonly SimulatedMember[];

  constructor(
    private readonly cluster: Cluster,
    private readonly nemesis: Nemesis,
    private readonly schedule: Schedule,
  ) {
    this.producers = Array.from({ length: PRODUCERS }, (_, index) => cluster.producer(index + 1));
    this.readers = [cluster.reader('reader-1', READ_PAUSE_MS.load)];
    const { members } = cluster.options.config;
    this.members = Array.from({ length: members }, (_, index) => cluster.member(index + 1));
  }

  async run(): Promise<void> {
    const { world, machines } = this.cluster;
    for (const machine of machines) machine.start();
    await this.within(START_MS, 'the cluster starts', () => machines.every(({ ready }) => ready));
    await this.createTopics();
    for (const client of [...this.producers, ...this.readers, ...this.members]) client.start();
    this.nemesis.plan(this.schedule);
    await world.run(world.now + LOAD_MS);
    for (const client of [...this.producers, ...this.members]) client.stopLoad();
    this.nemesis.heal();
    this.cluster.trace('healed');
    await this.settle(() => this.waitingClient() ?? this.unsettledPartition());
    await world.run(Math.max(world.now, RUN_MIN.virtualMs));
    await this.readAll();
    // Meanwhile a partition may have gone to its preferred leader, whose epoch begins with a record.
    await this.settle(() => this.unsettledPartition());
    this.check();
  }

  private settle(unsettled: () => string | undefined): Promise<void> {
    return this.within(SETTLE_MS, unsettled, () => unsettled() === undefined);
  }

  private async createTopics(): Promise<void> {
    const { config, mutant } = this.cluster.options;
    for (const topic of config.topics) {
      let made = false;
      const attempt = (): void => {
        const { network, clock, bootstrap, random } = this.cluster.client('admin');
        const connection = new BrokerConnection(network, clock, random.pick(bootstrap), 'admin');
        const configs = [
          { name: 'replication.protocol', value: topic.protocol },
          { name: 'min.insync.replicas', value: String(topic.minInsync) },
          ...Object.entries(mutant?.topicConfigs ?? {}).map(([name, value]) => ({ name, value })),
        ];
        const asked = {
          name: topic.name,
          numPartitions: topic.partitions,
          replicationFactor: topic.replicas,
          assignments: [],
          configs,
        };
        connection.ask(createTopicsApi, 5, { topics: [asked], timeoutMs: 3_000 }, 4_000, (answer) => {
          const error = answer?.topics[0]?.errorCode;
          made = error === ErrorCode.NONE || error === ErrorCode.TOPIC_ALREADY_EXISTS;
          this.cluster.trace(
            `create ${topic.name}: error ${error ?? 'no answer'} ${answer?.topics[0]?.errorMessage ?? ''}`,
          );
          connection.close();
          if (!made) clock.setTimer(100, attempt);
        });
      };
      attempt();
      await this.within(START_MS, `topic ${topic.name} is created`, () => made);
    }
  }

  private waitingClient(): string | undefined {
    const waiting = this.producers.find(({ outstanding }) => outstanding > 0);
    if (waiting !== undefined) return `a producer waits for ${waiting.outstanding} batches`;
    if (this.members.length > 0) {
      const owned = this.members.flatMap((member) => member.owned);
      if (owned.length < this.cluster.keys.length)
        return `only ${owned.join(', ')} have an owner in the group`;
    }
    return undefined;
  }

  private unsettledPartition(): string | undefined {
    const { machines, invariants } = this.cluster;
    const unready = machines.find(({ ready }) => !ready);
    if (unready !== undefined) return `broker ${unready.id} is not ready`;
    for (const key of invariants.placedKeys()) {
      const placement = invariants.placement(key);
      if (placement === undefined || placement.leader < 0) return `${key} has no leader`;
      if (placement.isr.length < placement.replicas.length)
        return `${key} has only ${placement.isr.join(', ')} in sync`;
      for (const { id, view } of machines) {
        const replica = view?.all().find((one) => one.key === key);
        if (replica === undefined) continue;
        const end = invariants.committedLog(key).end;
        if (replica.highWatermark < end || replica.logEndOffset !== end) {
          return `${key}: broker ${id} is at ${replica.highWatermark} of ${replica.logEndOffset}, committed is ${end}`;
        }
      }
    }
    return undefined;
  }

  private async readAll(): Promise<void> {
    const { invariants, keys } = this.cluster;
    for (const client of [...this.readers, ...this.members]) client.close();
    const reader = this.cluster.reader('final', READ_PAUSE_MS.final);
    reader.start();
    const ends = new Map(keys.map((key) => [key, invariants.committedLog(key).end] as const));
    await this.within(READ_MS, 'everything committed is read', () => reader.hasRead(ends));
    reader.close();
  }

  private check(): void {
    const { history, invariants } = this.cluster;
    invariants.checkSettled();
    const [first, ...others] = history.check();
    hold(first === undefined, 'K1', () => {
      return `${first?.kind ?? ''} ${first?.key ?? ''}: ${first?.detail ?? ''} (and ${others.length} more)`;
    });
  }

  private async within(
    ms: number,
    what: string | (() => string | undefined),
    until: () => boolean,
  ): Promise<void> {
    const { world } = this.cluster;
    const met = await world.run(world.now + ms, until);
    hold(met, 'I17', () => {
      return `after ${ms} ms it does not hold that ${typeof what === 'string' ? what : `all is settled: ${what() ?? ''}`}`;
    });
  }
}
