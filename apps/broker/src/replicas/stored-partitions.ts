/**
 * Partitions that were found on disk at start and that nobody has claimed yet. Holds the list, until the metadata is
 * loaded and it is settled. Called by `replicas.ts` for each log that it opens.
 *
 * What must hold: data is deleted only for a reason that was written down, the deletion of its topic.
 */
import type { LogDirectory, LogIdentity, PartitionLog, StoredPartition } from '@tidemark/log';
import type { Logger } from 'pino';
import { METADATA_TOPIC, type MetadataImage } from '../controller/metadata-image.js';

export class StoredPartitions {
  private readonly unclaimed = new Map<string, StoredPartition>();

  constructor(
    private readonly directory: LogDirectory,
    private readonly logger: Logger,
  ) {
    for (const stored of directory.storedPartitions()) this.unclaimed.set(keyOf(stored), stored);
  }

  /** A directory of an earlier topic of the same name makes room for the one that is now. */
  claim(identity: LogIdentity): void {
    const stored = this.unclaimed.get(keyOf(identity));
    this.unclaimed.delete(keyOf(identity));
    if (stored?.topicId === undefined || stored.topicId === identity.topicId) return;
    const { topic, partition } = stored;
    this.logger.warn({ topic, partition }, 'removing a partition of a deleted topic');
    this.delete(stored);
  }

  /** What is on disk and in no topic: what is left of a deleted one goes, all else is named and left alone. */
  settle(image: MetadataImage): void {
    for (const stored of this.unclaimed.values()) {
      const { topic, partition, topicId } = stored;
      if (topicId !== undefined && image.wasDeleted(topicId)) this.delete(stored);
      else if (topic !== METADATA_TOPIC) this.logger.warn({ topic, partition }, 'stray partition');
    }
    this.unclaimed.clear();
    this.directory.settleRecovery();
  }

  private delete(stored: StoredPartition): void {
    this.directory
      .deleteStored(stored)
      .catch((error: unknown) => reportNotDeleted(this.logger, stored.topic, error));
  }
}

export function reportNotDeleted(logger: Logger, topic: string, err: unknown): void {
  logger.error({ err, topic }, 'files of a deleted partition remain');
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
