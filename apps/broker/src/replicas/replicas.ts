/**
 * All replicas of this broker, by topic and partition. Follows the metadata: opens the log of a partition that is
 * placed here, gives each replica its role and settings, retires what was deleted or moved away. Handlers and
 * coordinators look partitions up here. Holds the sessions of its followers and the fetchers that copy from other
 * leaders. A partition whose log cannot be opened is answered with KAFKA_STORAGE_ERROR, and the others are served; a
 * damaged one is repaired from its leader (`repairs.ts`).
 */
import { LogError, type LogConfig, type LogDirectory, type LogIdentity } from '@tidemark/log';
import { DiskError, type Clock, type Disk } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/wire';
import type { Logger } from 'pino';
import type { BrokerRules } from '../broker-rules.js';
import type { BrokerSettings } from '../config-table.js';
import {
  replicationProtocol,
  type MetadataDelta,
  type MetadataImage,
  type PartitionImage,
  type TopicImage,
} from '../controller/metadata-image.js';
import type { IsrProposing } from '../controller/partitions/isr-proposals.js';
import type { BrokerMetrics } from '../metrics.js';
import type { Peers } from '../peers/peers.js';
import { topicLogConfig, topicSettings } from '../settings.js';
import type { Tick } from '../tick.js';
import type { Deadlines } from './deadlines.js';
import { FetchSessions } from './sessions/fetch-sessions.js';
import { FollowerChecks } from './follower-checks.js';
import type { FollowerRole } from './following/follower-role.js';
import { PartitionFences, refusedFence, type FenceAnswer, type FenceWanted } from './partition-fences.js';
import { Repairs } from './repairs.js';
import type { ReplicaContext } from './replica-context.js';
import { ReplicaFetchers } from './following/replica-fetchers.js';
import { Replica } from './replica.js';
import { StoredPartitions, reportCut, reportNotDeleted } from './stored-partitions.js';
import { TopicReplicas } from './topic-replicas.js';

export interface ReplicasOptions {
  readonly directory: LogDirectory;
  readonly disk: Disk;
  readonly brokerId: number;
  readonly settings: BrokerSettings;
  readonly tick: Tick;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  readonly metrics: BrokerMetrics;
  readonly peers: Pick<Peers, 'to' | 'disconnect'>;
  readonly proposals: IsrProposing;
  /** Others than the right ones in simulations that test their checkers. */
  readonly rules: BrokerRules;
  /** The disk refused a write or a flush for good. */
  diskFailed(error: Error): void;
  /** The newest metadata that is folded. */
  metadata(): MetadataImage;
  /** That this process is registered with; -1: not yet. */
  brokerEpoch(): number;
}

interface ReplicaSettings {
  readonly log: LogConfig;
  readonly minInsyncReplicas: number;
}

export class Replicas {
  private readonly byName = new Map<string, TopicReplicas>();
  private readonly byId = new Map<string, TopicReplicas>();

  readonly fetchSessions: FetchSessions;
  private readonly fetchers: ReplicaFetchers;
  private readonly fences: PartitionFences;
  private readonly repairs: Repairs;
  private readonly context: ReplicaContext;
  private readonly checks: FollowerChecks;
  private readonly stored: StoredPartitions;
  /** By the overrides of topics, which are another object when they change. */
  private readonly settings = new WeakMap<TopicImage['configs'], ReplicaSettings>();

  constructor(private readonly options: ReplicasOptions) {
    const { metrics, settings, directory, disk } = options;
    const brokers = () => options.metadata().brokers;
    const mayLead = () => options.brokerEpoch() >= 0;
    const lagTimeMaxMs = settings['replica.lag.time.max.ms'];
    const lastHeardMs = (brokerId: number) => this.fetchSessions.lastHeardMs(brokerId);
    this.context = { ...options, lagTimeMaxMs, brokers, mayLead, lastHeardMs };
    this.fetchers = new ReplicaFetchers({
      ...options,
      brokerEpoch: () => options.brokerEpoch(),
      onReceived: (bytes) => (metrics.replicatedInBytes += bytes),
    });
    this.fetchSessions = new FetchSessions({
      ...options,
      brokers,
      replicaOf: (topicId, partition) =>
        this.byId.get(topicId)?.partitions[partition] ?? ErrorCode.UNKNOWN_TOPIC_ID,
      onAnswered: (bytes) => (metrics.replicatedOutBytes += bytes),
    });
    this.repairs = new Repairs(options.brokerId, options.proposals);
    this.fences = PartitionFences.load(disk, directory.path);
    this.stored = new StoredPartitions(directory, options.logger);
    this.checks = new FollowerChecks(options.clock, lagTimeMaxMs, (late) => {
      if (late) this.fetchSessions.excuseAll();
      for (const replica of this.all()) replica.checkFollowers();
      this.repairDamaged();
    });
  }

  topic(name: string): TopicReplicas | undefined {
    return this.byName.get(name);
  }

  topicById(id: string): TopicReplicas | undefined {
    return this.byId.get(id);
  }

  /** The replica of a partition that this broker leads, or what to answer instead. */
  leader(topic: string, partition: number): Replica | ErrorCode {
    return this.byName.get(topic)?.partition(partition) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }

  *all(): Generator<Replica> {
    for (const topic of this.byName.values()) {
      for (const replica of topic.partitions) if (typeof replica !== 'number') yield replica;
    }
  }

  /** Partitions with a replica here. */
  get count(): number {
    let count = 0;
    for (const topic of this.byName.values()) {
      for (const replica of topic.partitions) if (typeof replica !== 'number') count += 1;
    }
    return count;
  }

  get parkedReads(): number {
    let count = 0;
    for (const replica of this.all()) count += replica.readers.size;
    return count;
  }

  /** Takes over what the metadata log says at start, or what one batch of it changed. */
  apply(delta: MetadataDelta): void {
    for (const topic of delta.deletedTopics) this.remove(topic);
    for (const topic of delta.createdTopics) this.follow(topic);
    for (const topic of delta.changedTopics) this.follow(topic);
    if (delta.brokersChanged) for (const replica of this.all()) replica.followBrokers();
  }

  /**
   * Promises, on disk before this returns, to take nothing of lower epochs any more; answers how far each log goes.
   * Throws DiskError: nothing was promised.
   */
  fence(wanted: readonly FenceWanted[]): readonly FenceAnswer[] {
    const fit = wanted.map((fence): FenceAnswer | Replica => this.fenceable(fence));
    this.fences.promise(wanted.filter((_, index) => fit[index] instanceof Replica));
    return wanted.map(({ topicId, partition, epoch }, index) => {
      const found = fit[index];
      if (!(found instanceof Replica)) return found ?? refusedFence(ErrorCode.UNKNOWN_TOPIC_ID);
      const position = found.fence(epoch);
      const promised = this.fences.epochOf(topicId, partition);
      if (position === undefined) return refusedFence(ErrorCode.REQUEST_TIMED_OUT, promised);
      return { error: ErrorCode.NONE, epoch: promised, ...position };
    });
  }

  /** Looks at what is on disk and in no topic, once the metadata is loaded. */
  settleStrays(image: MetadataImage): void {
    this.stored.settle(image);
  }

  /** Whoever is parked here looks again: the broker stops. */
  wakeAll(): void {
    for (const replica of this.all()) replica.readers.wake();
    this.fetchSessions.hurryAll();
  }

  /** The broker stops: whoever waits is told, nothing is appended any more. */
  retireAll(): void {
    this.checks.stop();
    this.fetchers.close();
    this.fetchSessions.closeAll();
    for (const replica of this.all()) replica.retire();
  }

  private follow(image: TopicImage): void {
    let topic = this.byName.get(image.name);
    if (topic === undefined) {
      topic = new TopicReplicas(image.name, image.id, image.internal);
      this.byName.set(image.name, topic);
      this.byId.set(image.id, topic);
    }
    const { log, minInsyncReplicas } = this.settingsOf(image);
    for (const partition of image.partitions) {
      const index = partition.partition;
      const here = partition.replicas.includes(this.options.brokerId);
      const known = topic.partitions[index] ?? ErrorCode.NOT_LEADER_OR_FOLLOWER;
      if (!here) {
        if (known instanceof Replica) this.drop(known);
        topic.partitions[index] = ErrorCode.NOT_LEADER_OR_FOLLOWER;
        continue;
      }
      if (known instanceof Replica) known.configure(log, minInsyncReplicas);
      const replica = known === ErrorCode.NOT_LEADER_OR_FOLLOWER ? this.open(image, index) : known;
      topic.partitions[index] = replica;
      if (replica instanceof Replica) replica.assume(partition);
      this.repair(topic, image, partition);
    }
  }

  /** The next step of a partition whose log is damaged here. */
  private repair(topic: TopicReplicas, image: TopicImage, partition: PartitionImage): void {
    const { directory, logger } = this.options;
    const index = partition.partition;
    const damaged = topic.partitions[index];
    const repairing = damaged instanceof Replica && damaged.repairing;
    const step = this.repairs.stepFor(image, partition, repairing);
    if (step === 'leave') {
      if (damaged instanceof Replica && partition.leader === this.options.brokerId) damaged.standDown(false);
    } else if (step === 'hand-over') {
      if (damaged instanceof Replica) damaged.standDown(true);
      this.repairs.handOver(image, partition);
    } else if (step === 'copy') {
      if (damaged instanceof Replica) damaged.retire();
      logger.warn(
        { topic: image.name, partition: index },
        'damaged log set aside: copying it from its leader',
      );
      directory.setAside({ topic: image.name, partition: index, topicId: image.id });
      this.repairs.remove(image.id, index);
      const replica = this.open(image, index);
      topic.partitions[index] = replica;
      if (replica instanceof Replica) replica.assume(partition);
    }
  }

  private onDamaged({ topic, topicId, partition }: LogIdentity, offset?: number): void {
    this.options.logger.error({ topic, partition, offset }, 'log is damaged');
    this.repairs.add(topicId, partition);
    // Not from within the read that found it.
    this.options.clock.defer(() => this.repairDamaged());
  }

  private repairDamaged(): void {
    const { topicsById } = this.options.metadata();
    for (const topicId of this.repairs.topicIds()) {
      const topic = this.byId.get(topicId);
      const image = topicsById.get(topicId);
      if (topic === undefined || image === undefined) continue;
      for (const partition of image.partitions) this.repair(topic, image, partition);
    }
  }

  private onRepaired({ topic, topicId, partition }: Replica): void {
    const { directory, logger } = this.options;
    logger.info({ topic, partition }, 'log is repaired');
    directory.repaired({ topic, topicId, partition }).catch((err: unknown) => {
      logger.error({ err, topic, partition }, 'what was set aside remains');
    });
  }

  private open(image: TopicImage, partition: number): Replica | ErrorCode {
    const { directory, logger } = this.options;
    const identity = { topic: image.name, partition, topicId: image.id };
    this.stored.claim(identity);
    try {
      const settings = this.settingsOf(image);
      const log = directory.openLog(identity, settings.log);
      reportCut(log, logger);
      return new Replica({
        ...identity,
        context: this.context,
        log,
        protocol: replicationProtocol(image),
        minInsyncReplicas: settings.minInsyncReplicas,
        fencedEpoch: this.fences.epochOf(image.id, partition),
        onFollowing: (replica, ended) => this.changeFetcher(replica, ended),
        onFollowed: (role) => this.fetchers.moved(role),
        repairing: directory.isRepairing(identity),
        onDamaged: (_replica, offset) => this.onDamaged(identity, offset),
        onRepaired: (replica) => this.onRepaired(replica),
      });
    } catch (error) {
      if (!(error instanceof LogError || error instanceof DiskError)) throw error;
      if (error instanceof LogError && error.code === 'corrupt') this.onDamaged(identity);
      logger.error({ err: error, topic: image.name, partition }, 'log cannot be opened: partition offline');
      return ErrorCode.KAFKA_STORAGE_ERROR;
    }
  }

  private changeFetcher({ following }: Replica, ended: FollowerRole | undefined): void {
    // In this order a fetcher that goes on with another epoch of the same leader keeps its session.
    if (following !== undefined) this.fetchers.add(following);
    if (ended !== undefined) this.fetchers.remove(ended);
  }

  /** Leaders and in-sync sets change far more often than settings: those are read once for each set of overrides. */
  private settingsOf({ configs }: TopicImage): ReplicaSettings {
    let known = this.settings.get(configs);
    if (known === undefined) {
      const { settings } = this.options;
      const log = topicLogConfig(configs, settings);
      known = {
        // What a replica of a quorum acknowledges is on its disk.
        log: replicationProtocol({ configs }) === 'quorum' ? { ...log, flushMessages: 1 } : log,
        minInsyncReplicas: topicSettings(configs, settings)['min.insync.replicas'],
      };
      this.settings.set(configs, known);
    }
    return known;
  }

  /** A replica that could keep the promise, or why there is none. */
  private fenceable({ topicId, partition, epoch }: FenceWanted): Replica | FenceAnswer {
    const topic = this.byId.get(topicId);
    const found = topic?.partitions[partition] ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (topic === undefined) return refusedFence(ErrorCode.UNKNOWN_TOPIC_ID);
    if (!(found instanceof Replica)) return refusedFence(found);
    if (!this.maySpeakFor(topicId, partition)) return refusedFence(ErrorCode.INELIGIBLE_REPLICA);
    // What is damaged, or lost what it acknowledged, must not vote as if its log were short.
    if (found.log.failure !== undefined || found.repairing)
      return refusedFence(ErrorCode.KAFKA_STORAGE_ERROR);
    // An epoch that has its leader is over for elections.
    const promised = Math.max(this.fences.epochOf(topicId, partition), found.leaderEpoch + 1);
    return epoch < promised ? refusedFence(ErrorCode.FENCED_LEADER_EPOCH, promised) : found;
  }

  /** Not before this process is registered: until then the eligible replicas are those of the disk it had before. */
  private maySpeakFor(topicId: string, partition: number): boolean {
    const { brokerId } = this.options;
    const { brokers, topicsById } = this.options.metadata();
    const epoch = this.options.brokerEpoch();
    if (epoch < 0 || brokers.get(brokerId)?.epoch !== epoch) return false;
    return topicsById.get(topicId)?.partitions[partition]?.isr.includes(brokerId) === true;
  }

  /** The partition lives elsewhere now. */
  private drop(replica: Replica): void {
    const { directory, logger } = this.options;
    const { topic, topicId, partition } = replica;
    logger.info({ topic, partition }, 'replica removed: the partition has moved away');
    replica.retire();
    this.fences.forget(topicId, partition);
    this.repairs.remove(topicId, partition);
    directory.deleteLog(replica.log).catch((error: unknown) => reportNotDeleted(logger, topic, error));
  }

  private remove(image: TopicImage): void {
    const topic = this.byId.get(image.id);
    if (topic === undefined) return;
    this.byId.delete(image.id);
    this.byName.delete(image.name);
    for (const replica of topic.partitions) if (replica instanceof Replica) this.drop(replica);
  }
}
