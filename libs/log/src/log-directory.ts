/**
 * A broker's data directory: its identity, its lock, its checkpoints and its partitions' logs.
 */
import type { Clock, Disk, Random } from '@tidemark/platform';
import type { LogConfig } from './config/log-config.js';
import type { LogIdentity, LogListener, PartitionLog } from './partition-log.js';

export interface LogDirectoryOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly path: string;
  readonly clusterId: string;
  readonly nodeId: number;
  /** Memory of all logs' tails together, bytes. */
  readonly tailBytesMax?: number;
  /** Log files open at once. */
  readonly openFilesMax?: number;
}

/** A partition found on disk. `topicId` is absent when its metadata file is. */
export interface StoredPartition {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string | undefined;
}

export declare class LogDirectory {
  readonly path: string;
  /** base64url uuid from meta.properties. */
  readonly directoryId: string;
  /** Whether the last owner closed it in order. */
  readonly cleanlyClosed: boolean;

  /** Makes or checks meta.properties and takes the lock. Throws LogError (locked, foreign, corrupt). */
  static open(options: LogDirectoryOptions): LogDirectory;
  storedPartitions(): StoredPartition[];
  /** Opens an existing log, recovering it, or a new one, whose files are made by its first append. */
  openLog(identity: LogIdentity, config: LogConfig, listener?: LogListener): PartitionLog;
  /** Logs that are open. */
  logs(): Iterable<PartitionLog>;
  /** The log is gone for its users at once (renamed `-delete`), its files soon after. Its state may be `failed`. */
  deleteLog(log: PartitionLog): Promise<void>;
  /** The same for a partition that is on disk but not open. */
  deleteStored(partition: StoredPartition): Promise<void>;
  /** Saves recovery points, log starts and high watermarks; call every few seconds and after DeleteRecords. */
  checkpoint(): void;
  /** Flushes and closes all logs, writes checkpoints and the clean-shutdown marker, gives up the lock. */
  close(): Promise<void>;
}
