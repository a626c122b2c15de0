/**
 * All replicas of this broker, by topic and partition. Follows the metadata: opens the log of a partition that is
 * placed here, gives each replica its role and settings, retires what was deleted. Handlers and coordinators look
 * partitions up here; `housekeeping.ts` walks them. A partition whose log cannot be opened is answered with
 * KAFKA_STORAGE_ERROR, and the others are served.
 */
import {
  LogError,
  type LogDirectory,
  type LogIdentity,
  type PartitionLog,
  type StoredPartition,
} from '@tidemark/log';
import { DiskError } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/wire';
import type { Logger } from 'pino';
import type { BrokerSettings } from '../config-table.js';
import {
  METADATA_TOPIC,
  type MetadataDelta,
  type MetadataImage,
  type TopicImage,
} from '../controller/metadata-image.js';
import { topicLogConfig, topicSettings } from '../settings.js';
import type { Tick } from '../tick.js';
import { Replica } from './replica.js';

/** One topic as this broker serves it. */
export class TopicReplicas {
  /** By index: the replica, or why there is none to use. */
  readonly partitions: (Replica | ErrorCode)[] = [];

  constructor(
    readonly name: string,
    readonly id: string,
    /** The broker's own topic, which clients do not write to. */
    readonly internal: boolean,
  ) {}

  /** The replica that leads the partition, or what to answer instead. */
  partition(index: number): Replica | ErrorCode {
    const found = this.partitions[index] ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (typeof found === 'number' || found.leading) return found;
    return found.availability;
  }
}

export interface ReplicasOptions {
  readonly directory: LogDirectory;
  readonly brokerId: number;
  readonly settings: BrokerSettings;
  readonly tick: Tick;
  readonly logger: Logger;
}

export class Replicas {
  private readonly byName = new Map<string, TopicReplicas>();
  private readonly byId = new Map<string, TopicReplicas>();

  /** Partitions found on disk that nobody has claimed. */
  private readonly unclaimed = new Map<string, StoredPartition>();

  constructor(private readonly options: ReplicasOptions) {
    for (const stored of options.directory.storedPartitions()) this.unclaimed.set(keyOf(stored), stored);
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
  }

  /**
   * Looks at what is on disk and in no topic, once the metadata is loaded. What is left of a deleted topic goes; all
   * else is named and left alone, because deleting data needs a reason that was written down.
   */
  settleStrays(image: MetadataImage): void {
    const { directory, logger } = this.options;
    for (const stored of this.unclaimed.values()) {
      const { topic, partition, topicId } = stored;
      if (topicId !== undefined && image.wasDeleted(topicId)) {
        directory.deleteStored(stored).catch((error: unknown) => this.notDeleted(error, topic));
      } else if (topic !== METADATA_TOPIC) logger.warn({ topic, partition }, 'stray partition');
    }
    this.unclaimed.clear();
  }

  /** Whoever is parked here looks again: the broker stops. */
  wakeAll(): void {
    for (const replica of this.all()) replica.readers.wake();
  }

  /** The broker stops: whoever waits is told, nothing is appended any more. */
  retireAll(): void {
    for (const replica of this.all()) replica.retire();
  }

  private follow(image: TopicImage): void {
    let topic = this.byName.get(image.name);
    if (topic === undefined) {
      topic = new TopicReplicas(image.name, image.id, image.internal);
      this.byName.set(image.name, topic);
      this.byId.set(image.id, topic);
    }
    const minInsyncReplicas = topicSettings(image.configs, this.options.settings)['min.insync.replicas'];
    const config = topicLogConfig(image.configs, this.options.settings);
    for (const partition of image.partitions) {
      const index = partition.partition;
      const here = partition.replicas.includes(this.options.brokerId);
      const known = topic.partitions[index];
      if (known === undefined && here) topic.partitions[index] = this.open(image, index);
      else if (known === undefined) topic.partitions[index] = ErrorCode.NOT_LEADER_OR_FOLLOWER;
      const replica = topic.partitions[index];
      if (replica === undefined || typeof replica === 'number') continue;
      if (known !== undefined) replica.configure(config, minInsyncReplicas);
      replica.assume(partition);
    }
  }

  private open(image: TopicImage, partition: number): Replica | ErrorCode {
    const { directory, settings, brokerId, tick, logger } = this.options;
    const identity = { topic: image.name, partition, topicId: image.id };
    this.claim(identity);
    try {
      const log = directory.openLog(identity, topicLogConfig(image.configs, settings));
      reportCut(log, logger);
      const minInsyncReplicas = topicSettings(image.configs, settings)['min.insync.replicas'];
      return new Replica({ ...identity, log, brokerId, tick, logger, minInsyncReplicas });
    } catch (error) {
      if (!(error instanceof LogError || error instanceof DiskError)) throw error;
      logger.error({ err: error, topic: image.name, partition }, 'log cannot be opened: partition offline');
      return ErrorCode.KAFKA_STORAGE_ERROR;
    }
  }

  /** A directory of an earlier topic of the same name makes room for the one that is now. */
  private claim(identity: LogIdentity): void {
    const stored = this.unclaimed.get(keyOf(identity));
    this.unclaimed.delete(keyOf(identity));
    if (stored?.topicId === undefined || stored.topicId === identity.topicId) return;
    const { directory, logger } = this.options;
    logger.warn(
      { topic: stored.topic, partition: stored.partition },
      'removing a partition of a deleted topic',
    );
    directory.deleteStored(stored).catch((error: unknown) => this.notDeleted(error, stored.topic));
  }

  private remove(image: TopicImage): void {
    const topic = this.byId.get(image.id);
    if (topic === undefined) return;
    this.byId.delete(image.id);
    this.byName.delete(image.name);
    for (const replica of topic.partitions) {
      if (typeof replica === 'number') continue;
      replica.retire();
      this.options.directory
        .deleteLog(replica.log)
        .catch((error: unknown) => this.notDeleted(error, image.name));
    }
  }

  private notDeleted(err: unknown, topic: string): void {
    this.options.logger.error({ err, topic }, 'files of a deleted partition remain');
  }
}

/** No log gets shorter without a word. */
export function reportCut({ identity, cutBytes, logEndOffset }: PartitionLog, logger: Logger): void {
  if (cutBytes === 0) return;
  const { topic, partition } = identity;
  logger.warn({ topic, partition, cutBytes, logEndOffset }, 'log was cut behind its longest valid prefix');
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`;
}
