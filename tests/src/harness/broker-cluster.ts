/**
 * Several real brokers that are one cluster: each a process with ports, a data directory and a directory id of its own,
 * all of them voters. Holds the processes, which suites kill, stop and start again one by one; `stop` leaves neither a
 * process nor a file behind.
 *
 * What it tells about the cluster it asks the brokers for each time: the controller and leaders as the living brokers'
 * administrative HTTP gives them.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTopicsApi, ErrorCode } from '@tidemark/wire';
import { atExit } from './at-exit.js';
import { BrokerProcess } from './broker-process.js';
import { eventually } from './eventually.js';
import { freePort } from '@tidemark/platform/testing';
import { WireConnection } from './wire-connection.js';

export type ReplicationProtocol = 'primary-backup' | 'quorum';

/** Where one broker lives, when not simply on this machine. */
export interface Place {
  readonly dataDirectory?: string;
  readonly host?: string;
  readonly within?: readonly string[];
}

export interface ClusterOptions {
  readonly brokers?: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeArguments?: readonly string[];
  readonly placeOf?: (nodeId: number) => Place;
}

export interface TopicPlan {
  readonly name: string;
  readonly partitions: number;
  readonly protocol: ReplicationProtocol;
  readonly replicas?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** One replica's view of a partition; offsets are null where it has no replica. */
export interface PartitionView {
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly highWatermark: number | null;
  readonly logEndOffset: number | null;
}

const ASK_MS = 1_000;
const CREATE_TIMEOUT_MS = 10_000;
const START_MS = 60_000;

export class BrokerCluster {
  private constructor(
    private readonly home: string,
    readonly brokers: readonly BrokerProcess[],
    private readonly undone: () => void,
  ) {}

  static async start(options: ClusterOptions = {}): Promise<BrokerCluster> {
    const cluster = await BrokerCluster.prepare(options);
    try {
      await cluster.launchAll();
      await cluster.controllerKnown();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Everything but the processes. */
  static async prepare(options: ClusterOptions): Promise<BrokerCluster> {
    const home = mkdtempSync(join(tmpdir(), 'tidemark-cluster-'));
    const undone = atExit(() => rmSync(home, { recursive: true, force: true }));
    const ids = Array.from({ length: options.brokers ?? 3 }, (_, index) => index + 1);
    const plans = [];
    for (const id of ids) {
      const place = options.placeOf?.(id) ?? {};
      plans.push({ id, place, port: await freePort(), directoryId: randomUUID() });
    }
    const voters = plans
      .map(({ id, place, port, directoryId }) => `${id}@${place.host ?? '127.0.0.1'}:${port}:${directoryId}`)
      .join(',');
    const brokers = await Promise.all(
      plans.map(({ id, place, port, directoryId }) =>
        BrokerProcess.prepare({
          directory: join(home, `broker-${id}`),
          ...place,
          port,
          nodeId: id,
          settings: options.settings ?? {},
          nodeArguments: options.nodeArguments ?? [],
          environment: {
            ...options.environment,
            TIDEMARK_VOTERS: voters,
            TIDEMARK_DIRECTORY_ID: directoryId,
          },
        }),
      ),
    );
    return new BrokerCluster(home, brokers, undone);
  }

  get addresses(): readonly string[] {
    return this.brokers.map(({ address }) => address);
  }

  broker(nodeId: number): BrokerProcess {
    const found = this.brokers.find((broker) => broker.nodeId === nodeId);
    if (found === undefined) throw new Error(`there is no broker ${nodeId}`);
    return found;
  }

  /** Starts those that do not run, all at once, and waits until each is ready. */
  async launchAll(): Promise<void> {
    const down = this.brokers.filter(({ running }) => !running);
    for (const broker of down) broker.launch();
    await Promise.all(down.map((broker) => broker.ready(START_MS)));
  }

  /** The active controller, as soon as those that answer agree on a living one. */
  controllerKnown(timeoutMs = START_MS): Promise<number> {
    return eventually(
      async () => {
        const views = await this.#ask<{ controllerId: number }>('/brokers');
        const [first] = views;
        const agreed =
          views.length > 0 && views.every(({ controllerId }) => controllerId === first?.controllerId);
        return agreed && this.#named(first?.controllerId)?.running === true ? first?.controllerId : undefined;
      },
      timeoutMs,
      'the brokers agree on a controller',
    );
  }

  /** Those that answer agree that the broker is out. */
  async isFenced(nodeId: number): Promise<boolean> {
    const views = await this.#ask<{ brokers: { id: number; fenced: boolean }[] }>('/brokers');
    return (
      views.length > 0 &&
      views.every(({ brokers }) => brokers.find(({ id }) => id === nodeId)?.fenced === true)
    );
  }

  async createTopic({ name, partitions, protocol, replicas = 3, configs = {} }: TopicPlan): Promise<void> {
    const topic = {
      name,
      numPartitions: partitions,
      replicationFactor: replicas,
      assignments: [],
      configs: Object.entries({
        'replication.protocol': protocol,
        'min.insync.replicas': '2',
        ...configs,
      }).map(([config, value]) => ({ name: config, value })),
    };
    let refusal = 'no answer';
    await eventually(
      async () => {
        const connection = await WireConnection.open(
          this.brokers.find(({ running }) => running)?.address ?? '',
        );
        try {
          const answer = await connection.request(createTopicsApi, 5, {
            topics: [topic],
            timeoutMs: CREATE_TIMEOUT_MS,
          });
          const [result] = answer.topics;
          refusal = `${result?.errorCode}: ${result?.errorMessage}`;
          return result?.errorCode === ErrorCode.NONE || result?.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
        } finally {
          connection.close();
        }
      },
      START_MS,
      `topic ${name} is created`,
    ).catch((error: unknown) => {
      throw new Error(`${(error as Error).message} (${refusal})`);
    });
    await this.settled(name);
  }

  /** The topic as every broker that answers sees it, by node. */
  async views(topic: string): Promise<ReadonlyMap<number, readonly PartitionView[]>> {
    const found = new Map<number, readonly PartitionView[]>();
    await Promise.all(
      this.brokers.map(async (broker) => {
        const topics = await this.#askOne<{ name: string; partitions: PartitionView[] }[]>(broker, '/topics');
        const partitions = topics?.find(({ name }) => name === topic)?.partitions;
        if (partitions !== undefined) found.set(broker.nodeId, partitions);
      }),
    );
    return found;
  }

  /** The newest view of each partition that any broker has. */
  async partitions(topic: string): Promise<readonly PartitionView[]> {
    const newest: PartitionView[] = [];
    for (const partitions of (await this.views(topic)).values()) {
      for (const view of partitions) {
        const known = newest[view.partition];
        if (known === undefined || view.leaderEpoch > known.leaderEpoch) newest[view.partition] = view;
      }
    }
    return newest;
  }

  /** All replicas of all partitions in sync, and all at the same end: what every row begins and ends with. */
  async settled(topic: string, timeoutMs = START_MS): Promise<void> {
    let last: unknown;
    await eventually(
      async () => {
        const views = await this.views(topic);
        last = [...views.values()].map((view) => view.map(viewText));
        return views.size === this.#runningCount && [...views.values()].every(isSettled) && haveOneEnd(views);
      },
      timeoutMs,
      `all replicas of ${topic} are in sync`,
    ).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}: ${JSON.stringify(last)}`);
    });
  }

  /** Every broker that answers sees every replica in sync; under load, so ends may differ. */
  async inSync(topic: string, timeoutMs = START_MS): Promise<void> {
    await eventually(
      async () => {
        const views = await this.views(topic);
        return views.size === this.#runningCount && [...views.values()].every(isSettled);
      },
      timeoutMs,
      `all replicas of ${topic} are in sync`,
    ).catch(async (error: unknown) => {
      const seen = [...(await this.views(topic))].map(
        ([node, view]) => `${node} sees ${view.map(viewText).join('; ')}`,
      );
      throw new Error(`${(error as Error).message}: ${seen.join(' | ')}`);
    });
  }

  /** Every partition is led by its first replica: leadership moves no more for that. */
  async balanced(topic: string, timeoutMs = START_MS): Promise<void> {
    await eventually(
      async () => {
        const partitions = await this.partitions(topic);
        return partitions.length > 0 && partitions.every(({ leader, replicas }) => leader === replicas[0]);
      },
      timeoutMs,
      `the leaders of ${topic} are their partitions' first replicas`,
    );
  }

  /** The same cluster as those see it that are left: one that hangs is not asked. */
  without(nodeId: number): BrokerCluster {
    return new BrokerCluster(
      this.home,
      this.brokers.filter((broker) => broker.nodeId !== nodeId),
      this.undone,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.signal('SIGKILL')));
    await Promise.all(this.brokers.map((broker) => broker.stop()));
    rmSync(this.home, { recursive: true, force: true });
    this.undone();
  }

  get #runningCount(): number {
    return this.brokers.filter(({ running }) => running).length;
  }

  #named(nodeId: number | undefined): BrokerProcess | undefined {
    return this.brokers.find((broker) => broker.nodeId === nodeId);
  }

  async #ask<Answer>(path: string): Promise<Answer[]> {
    const answers = await Promise.all(this.brokers.map((broker) => this.#askOne<Answer>(broker, path)));
    return answers.filter((answer): answer is Awaited<Answer> & Answer => answer !== undefined);
  }

  async #askOne<Answer>(broker: BrokerProcess, path: string): Promise<Answer | undefined> {
    if (!broker.running) return undefined;
    try {
      const answer = await fetch(broker.adminUrl() + path, { signal: AbortSignal.timeout(ASK_MS) });
      return (await answer.json()) as Answer;
    } catch {
      return undefined;
    }
  }
}

const isSettled = (partitions: readonly PartitionView[]): boolean =>
  partitions.every(({ leader, isr, replicas }) => leader >= 0 && isr.length === replicas.length);

/** Every replica has everything, and knows that it is committed. */
function haveOneEnd(views: ReadonlyMap<number, readonly PartitionView[]>): boolean {
  const ends = new Map<number, number>();
  for (const [node, partitions] of views) {
    for (const { partition, replicas, highWatermark, logEndOffset } of partitions) {
      if (!replicas.includes(node)) continue;
      if (logEndOffset === null || highWatermark !== logEndOffset) return false;
      if (logEndOffset !== (ends.get(partition) ?? logEndOffset)) return false;
      ends.set(partition, logEndOffset);
    }
  }
  return true;
}

const viewText = (view: PartitionView): string =>
  `${view.partition}: leader ${view.leader}@${view.leaderEpoch} isr ${view.isr.join('+')} hw ${view.highWatermark} end ${view.logEndOffset}`;
