/**
 * A simulated cluster: machines on one network and one virtual time, with clients around it and the invariants looking on.
 * Holds the parts of one run. `simulate.ts` leads it through its phases.
 */
import type { Logger } from 'pino';
import { Coverage } from '../checkers/coverage.js';
import { GroupHistory } from '../checkers/group-history.js';
import { History } from '../checkers/history.js';
import { Invariants } from '../checkers/invariants.js';
import { ViolationError } from '../checkers/violation.js';
import type { ClientOptions } from '../client/client-metadata.js';
import { SimulatedMember } from '../client/simulated-member.js';
import { SimulatedProducer } from '../client/simulated-producer.js';
import { SimulatedReader } from '../client/simulated-reader.js';
import { BROKER_PORT, DATA_DIRECTORY, hostOf, Machine } from '../cluster/machine.js';
import { Incarnation } from '../doors/incarnation.js';
import { NetworkHub } from '../doors/network-hub.js';
import { SeededRandom } from '../doors/seeded-random.js';
import { SimulatedNetwork } from '../doors/simulated-network.js';
import { VirtualClock } from '../doors/virtual-clock.js';
import { World, type Turns } from '../doors/world.js';
import type { Mutant } from './mutants.js';
import type { ClusterConfig } from './cluster-config.js';

export interface ClusterOptions {
  readonly seed: number;
  readonly config: ClusterConfig;
  readonly turns: Turns;
  readonly logger?: ((node: number) => Logger) | undefined;
  readonly trace?: ((line: string) => void) | undefined;
  readonly mutant?: Mutant | undefined;
}

const CLIENTS_MAX = 8;
const clientHost = (client: number): string => `10.0.1.${client}`;
const READ_WAIT_MS = 1_000;

export class Cluster {
  readonly world: World;
  readonly hub: NetworkHub;
  readonly random: SeededRandom;
  readonly machines: readonly Machine[];
  readonly coverage = new Coverage();
  readonly history = new History();
  readonly groupHistory = new GroupHistory();
  readonly invariants: Invariants;
  readonly clientHosts = Array.from({ length: CLIENTS_MAX }, (_, index) => clientHost(index + 1));
  readonly trace: (line: string) => void;
  private clients = 0;

  constructor(readonly options: ClusterOptions) {
    const { seed, config, turns, logger } = options;
    this.random = new SeededRandom(seed);
    this.world = new World(turns);
    this.trace = (line) => options.trace?.(`${this.world.now.toFixed(2).padStart(9)} ${line}`);
    this.hub = new NetworkHub(this.world, this.random.fork('network'));
    this.hub.chunkBytes = config.chunkBytes;
    this.hub.windowBytes = config.windowBytes;
    this.machines = config.environments.map(
      (environment, index) =>
        new Machine({
          world: this.world,
          hub: this.hub,
          random: this.random.fork('machines'),
          id: index + 1,
          environment,
          skewMs: config.skewsMs[index] ?? 0,
          logger: logger?.(index + 1),
          mutant: options.mutant,
        }),
    );
    this.invariants = new Invariants({
      machines: this.machines,
      dataDirectory: DATA_DIRECTORY,
      coverage: this.coverage,
      now: () => this.world.now,
    });
    this.world.watcher = {
      afterStep: (owner) => {
        const machine = owner === undefined ? undefined : this.machines[owner.node - 1];
        if (machine !== undefined) this.invariants.check(machine);
      },
    };
  }

  get keys(): readonly string[] {
    return this.options.config.topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, index) => `${name}-${index}`),
    );
  }

  /** Who decides for the cluster at the moment, as far as anybody knows. */
  controller(): Machine | undefined {
    return this.machines.find(({ view }) => view?.isController === true);
  }

  producer(process: number): SimulatedProducer {
    const { config } = this.options;
    return new SimulatedProducer({
      ...this.client(`producer-${process}`),
      process,
      history: this.history,
      inFlightMax: config.inFlightMax,
      pauseMs: config.pauseMs,
      recordsMax: config.recordsMax,
      onAcknowledged: (acknowledgement) => this.invariants.acknowledged(acknowledgement),
      onWrong: (detail) => {
        throw new ViolationError('I11', detail);
      },
    });
  }

  reader(name: string, pauseMs: number): SimulatedReader {
    const { config } = this.options;
    return new SimulatedReader({
      ...this.client(name),
      name,
      history: this.history,
      maxWaitMs: READ_WAIT_MS,
      maxBytes: config.fetchMaxBytes,
      pauseMs,
    });
  }

  member(index: number): SimulatedMember {
    return new SimulatedMember({
      ...this.client(`member-${index}`),
      groupId: 'group',
      keys: this.keys,
      history: this.groupHistory,
    });
  }

  /** A client process of its own, on a host of its own. */
  client(clientId: string): ClientOptions {
    this.clients += 1;
    const owner = new Incarnation(-this.clients, 1);
    return {
      clientId,
      clock: new VirtualClock(this.world, owner),
      network: new SimulatedNetwork(this.hub, owner, clientHost(((this.clients - 1) % CLIENTS_MAX) + 1)),
      random: this.random.fork(`client:${clientId}`),
      bootstrap: this.machines.map(({ id }) => ({ host: hostOf(id), port: BROKER_PORT })),
      topics: this.options.config.topics.map(({ name }) => name),
    };
  }
}
