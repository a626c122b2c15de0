/**
 * The replicas of a few brokers in one process, for specs: real logs on real disks, an in-memory way between them that
 * can be cut, and a controller that does as the spec says. One topic with one partition. No sockets and no metadata log.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogDirectory, LogScrubber } from '@tidemark/log';
import { nodeClock, nodeDisk, nodeRandom } from '@tidemark/platform/node';
import {
  ErrorCode,
  buildBatch,
  completed,
  readBatchRecords,
  batchSizeBytes,
  isControl,
} from '@tidemark/wire';
import type { DecodedRequest, fetchApi } from '@tidemark/wire';
import { pino } from 'pino';
import { BROKER_RULES } from '../broker-rules.js';
import type {
  BrokerImage,
  MetadataDelta,
  MetadataImage,
  PartitionImage,
  TopicImage,
} from '../controller/metadata-image.js';
import type { IsrAnswer, IsrProposal } from '../controller/partitions/isr-proposals.js';
import { BrokerMetrics } from '../metrics.js';
import { PeerFailure } from '../peers/peer-failure.js';
import type { Peer } from '../peers/peers.js';
import { Deadlines } from '../replicas/deadlines.js';
import type { Replica } from '../replicas/replica.js';
import { Replicas } from '../replicas/replicas.js';
import { Tick } from '../tick.js';
import { configOf } from './running-broker.js';
import { partitionImage } from './partition-image.js';

const TOPIC_ID = '00000000-0000-4000-8000-00000000000a';
const NO_DELTA = { createdTopics: [], deletedTopics: [], changedTopics: [], brokersChanged: false };

export class ReplicaNode {
  tick!: Tick;
  replicas!: Replicas;
  metrics = new BrokerMetrics();
  epoch = 0;
  private deadlines!: Deadlines;
  private logs!: LogDirectory;

  constructor(
    readonly id: number,
    readonly path: string,
    private readonly cluster: ReplicaCluster,
  ) {
    this.start();
  }

  start(): void {
    this.epoch += 10;
    this.tick = new Tick(nodeClock);
    this.deadlines = new Deadlines(nodeClock);
    const { settings } = configOf({
      TIDEMARK_DATA: this.path,
      TIDEMARK_KAFKA_REPLICA_LAG_TIME_MAX_MS: String(this.cluster.lagMs),
    });
    this.logs = LogDirectory.open({
      disk: nodeDisk,
      clock: nodeClock,
      random: nodeRandom,
      path: this.path,
      clusterId: 'c',
      nodeId: this.id,
    });
    this.replicas = new Replicas({
      directory: this.logs,
      disk: nodeDisk,
      brokerId: this.id,
      settings,
      tick: this.tick,
      clock: nodeClock,
      deadlines: this.deadlines,
      logger: pino({ level: process.env.SPEC_LOG_LEVEL ?? 'silent' }),
      metrics: this.metrics,
      peers: { to: (brokerId) => this.cluster.peer(this, brokerId), disconnect: () => undefined },
      proposals: { propose: (proposal, done) => this.cluster.decide(proposal, done) },
      rules: BROKER_RULES,
      diskFailed: () => undefined,
      metadata: () => this.cluster.image,
      brokerEpoch: () => this.epoch,
    });
  }

  /** As after a kill -9: nothing is saved, the lock's owner is gone. */
  async kill(): Promise<void> {
    await this.stop(true);
    for (const name of readdirSync(this.path)) {
      if (name.startsWith('.lock-')) rmSync(join(this.path, name));
    }
  }

  /** Looks at all closed segments once, as housekeeping does. Answers in how many logs it found damage. */
  async scrub(): Promise<number> {
    const scrubber = new LogScrubber({
      clock: nodeClock,
      random: nodeRandom,
      bytesPerSecond: 1024 * 1024,
      logs: () => this.logs.logs(),
      onError: () => undefined,
    });
    await scrubber.pass();
    return scrubber.totals.damaged;
  }

  get replica(): Replica {
    const found = this.replicas.topic('t')?.partitions[0];
    if (found === undefined || typeof found === 'number') throw new Error(`no replica: ${found}`);
    return found;
  }

  async stop(kill = false): Promise<void> {
    this.replicas.retireAll();
    this.tick.run();
    this.deadlines.close();
    if (!kill) await this.logs.close();
    else for (const log of this.logs.logs()) log.abandon();
  }

  /** Appends as a client would; answers how it ended. */
  produce(text: string): Promise<ErrorCode> {
    const { replica } = this;
    const batch = buildBatch([{ key: null, value: Buffer.from(text) }], { timestamp: Date.now() });
    const { error, lastOffset } = replica.append(batch, 'client');
    if (error !== ErrorCode.NONE) return Promise.resolve(error);
    return new Promise((resolve) => replica.onCommitted(lastOffset + 1, resolve));
  }

  /** What consumers may read here. */
  async texts(): Promise<string[]> {
    const { replica } = this;
    const texts: string[] = [];
    for (let at = replica.logStartOffset; at < replica.highWatermark;) {
      const read = await replica.read(at, 1_000_000, true);
      if (read.error !== ErrorCode.NONE || read.bytes.length === 0) throw new Error(`error ${read.error}`);
      const { bytes } = read;
      for (let within = 0; within < bytes.length; within += batchSizeBytes(bytes, within)) {
        if (isControl(bytes, within)) continue;
        for (const { value } of readBatchRecords(bytes, within))
          texts.push(Buffer.from(value ?? []).toString());
      }
      at = read.nextOffset;
      read.release();
    }
    return texts;
  }
}

export class ReplicaCluster {
  readonly nodes: ReplicaNode[] = [];
  readonly proposals: IsrProposal[] = [];
  /** Ways that are cut: `from>to`. */
  readonly cut = new Set<string>();
  /** What the controller does with proposals. */
  answers: 'accept' | 'refuse' | 'lose' = 'accept';
  image: MetadataImage;
  private topic: TopicImage;

  constructor(
    configs: Readonly<Record<string, string>> = {},
    partition: Partial<PartitionImage> = {},
    readonly lagMs = 30_000,
  ) {
    const replicas = partition.replicas ?? [1, 2, 3];
    const partitions = [partitionImage({ replicas, leader: 1, leaderEpoch: 1, ...partition })];
    this.topic = { name: 't', id: TOPIC_ID, internal: false, configs, partitions };
    this.image = this.imageOf();
    for (const id of [1, 2, 3]) {
      this.nodes.push(new ReplicaNode(id, mkdtempSync(join(tmpdir(), `tidemark-replicas-${id}-`)), this));
    }
    this.image = this.imageOf();
    for (const node of this.nodes) this.tell(node);
  }

  node(id: number): ReplicaNode {
    const found = this.nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  }

  get partition(): PartitionImage {
    const [partition] = this.topic.partitions;
    if (partition === undefined) throw new Error('no partition');
    return partition;
  }

  /** The metadata says so from now on; told to those that are not left out. */
  change(change: Partial<PartitionImage>, except: readonly number[] = []): void {
    const { partition } = this;
    const led = change.leader === undefined ? {} : { leaderEpoch: partition.leaderEpoch + 1 };
    const partitionEpoch = partition.partitionEpoch + 1;
    this.topic = { ...this.topic, partitions: [{ ...partition, ...led, partitionEpoch, ...change }] };
    this.image = this.imageOf();
    for (const node of this.nodes) if (!except.includes(node.id)) this.tell(node);
  }

  tell(node: ReplicaNode): void {
    node.replicas.apply({
      ...NO_DELTA,
      changedTopics: [this.topic],
      brokersChanged: true,
    } satisfies MetadataDelta);
  }

  decide(proposal: IsrProposal, done: (answer: IsrAnswer) => void): void {
    this.proposals.push(proposal);
    setImmediate(() => {
      const { leader, leaderEpoch, partitionEpoch } = this.partition;
      if (this.answers === 'lose') done({ error: ErrorCode.NETWORK_EXCEPTION });
      else if (this.answers === 'refuse') done({ error: ErrorCode.INELIGIBLE_REPLICA });
      else if (proposal.partitionEpoch !== partitionEpoch) done({ error: ErrorCode.INVALID_UPDATE_VERSION });
      else {
        const isr = proposal.newIsr.map(({ brokerId }) => brokerId);
        // A leader that is not in it hands over.
        this.change(isr.includes(leader) ? { isr } : { isr, leader: isr[0] ?? -1 });
        done({ error: ErrorCode.NONE, leader, leaderEpoch, isr, partitionEpoch: partitionEpoch + 1 });
      }
    });
  }

  peer(from: ReplicaNode, to: number): Peer {
    return {
      request: (api, version, request, _timeoutMs, done) => {
        const lost = (): boolean => this.cut.has(`${from.id}>${to}`);
        const target = this.node(to);
        setImmediate(() => {
          if (lost()) {
            done(new PeerFailure('refused', 'cut'));
            return;
          }
          const asked = completed(api.request, version, request) as DecodedRequest<typeof fetchApi>;
          const { replicaId: brokerId, replicaEpoch: brokerEpoch } = asked.replicaState;
          const { maxBytes, maxWaitMs } = asked;
          let sent = (): void => undefined;
          const hurry = target.replicas.fetchSessions.fetch(
            asked,
            { brokerId, brokerEpoch },
            {
              maxBytes,
              maxWaitMs,
              isPointless: () => false,
              onSent: (listener) => (sent = listener),
              respond: (response) => {
                this.hurried.delete(`${from.id}>${to}`);
                const copy = structuredClone(response);
                sent();
                setImmediate(() => {
                  if (lost()) done(new PeerFailure('closed', 'cut'));
                  else done(completed(api.response, version, copy as never));
                });
              },
            },
          );
          if (hurry !== undefined) this.hurried.set(`${from.id}>${to}`, hurry);
        });
        // As a connection does when another request waits behind one.
        this.hurried.get(`${from.id}>${to}`)?.();
      },
    };
  }

  private readonly hurried = new Map<string, () => void>();

  async stop(): Promise<void> {
    for (const node of this.nodes) {
      await node.stop().catch(() => undefined);
      rmSync(node.path, { recursive: true, force: true });
    }
  }

  private imageOf(): MetadataImage {
    const broker = (node: ReplicaNode): BrokerImage => ({
      id: node.id,
      host: 'localhost',
      port: node.id,
      rack: null,
      incarnationId: '',
      epoch: node.epoch,
      fenced: false,
      inControlledShutdown: false,
      directoryId: '',
      directorySince: 0,
    });
    return {
      clusterId: 'c',
      brokers: new Map(this.nodes.map((node) => [node.id, broker(node)])),
      topics: new Map([['t', this.topic]]),
      topicsById: new Map([[TOPIC_ID, this.topic]]),
      position: 0,
      wasDeleted: () => false,
    };
  }
}
