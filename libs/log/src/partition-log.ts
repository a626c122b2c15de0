/**
 * One partition's log: what the broker appends to, reads from, truncates and flushes.
 */
import type { Clock, Disk } from '@tidemark/platform';
import type { AppendOptions, AppendResult } from './append-result.js';
import type { LogConfig } from './config/log-config.js';
import type { LogError } from './log-error.js';
import type { ReadOptions, ReadResult } from './read-result.js';

export interface LogListener {
  /** `flushedEnd` (and with flush.messages=1 `acknowledgeableEnd`) has moved. Called from the event loop. */
  flushed?(log: PartitionLog): void;
  /** The log has become unusable: appends and reads answer KAFKA_STORAGE_ERROR from now on. */
  failed?(log: PartitionLog, error: LogError): void;
}

export interface LogIdentity {
  readonly topic: string;
  readonly partition: number;
  /** 36 characters; written to partition.metadata when the directory is made. */
  readonly topicId: string;
}

/** What `LogDirectory.openLog` hands to a log. */
export interface LogOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly directory: string;
  readonly identity: LogIdentity;
  readonly config: LogConfig;
  readonly listener?: LogListener;
}

export interface EpochEnd {
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

export interface TimestampOffset {
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

export declare class PartitionLog {
  readonly identity: LogIdentity;
  config: LogConfig;
  /** Set once by whoever owns the log (the replica). */
  listener: LogListener | undefined;

  /** The first offset that may be read. */
  readonly logStartOffset: number;
  /** The next offset to be given; batches up to here may still be staged in memory. */
  readonly logEndOffset: number;
  /** Everything below is in the page cache: it survives the death of this process. */
  readonly writtenEnd: number;
  /** Everything below is on the device (the recovery point). */
  readonly flushedEnd: number;
  /** Below this offset acknowledgements may be given: `flushedEnd` with flush.messages=1, else `writtenEnd`. */
  readonly acknowledgeableEnd: number;
  /** Kept here so that it is checkpointed and bounds retention; moved by the replica. */
  highWatermark: number;
  /** -1 before the first epoch. */
  readonly latestEpoch: number;
  readonly sizeBytes: number;
  readonly failure: LogError | undefined;

  /**
   * Checks and stages record batches (of a client: exactly one, and its bytes [0, length) are the whole of `bytes`).
   * Header fields are patched in the log's copy. Nothing is written until `writeStaged`, which must follow in the
   * same turn of the event loop. The result is reused by the next append.
   */
  append(bytes: Uint8Array, options: AppendOptions): AppendResult;
  /**
   * Writes all that is staged, in one call where it lies together. On failure (disk full) what was staged is taken
   * back, `logEndOffset` returns to `writtenEnd`, and the error is answered: every waiter at or above
   * `logEndOffset` is to be told KAFKA_STORAGE_ERROR. The log stays usable unless `failure` is set.
   */
  writeStaged(): LogError | undefined;
  /** Group commit: resolves when all that was appended before the call is on the device. Rejects with LogError. */
  flush(): Promise<void>;
  /** Starts a flush when flush.messages or flush.ms ask for one; call it now and then. */
  flushIfDue(): void;

  /** Memory answers at once, the disk later. Only batches up to `upTo`. */
  read(fromOffset: number, maxBytes: number, options: ReadOptions): ReadResult | Promise<ReadResult>;
  /** Bytes that a read from this offset would find below `upTo`, for min_bytes; an estimate from file positions. */
  bytesBetween(fromOffset: number, upTo: number): number;

  /** The first record at or after `timestamp` that lies below `upTo`. */
  offsetForTimestamp(timestamp: number, upTo: number): Promise<TimestampOffset | undefined>;
  /** The first record that has the log's largest timestamp (ListOffsets -3). */
  offsetOfMaxTimestamp(): Promise<TimestampOffset | undefined>;

  /** The leader of `leaderEpoch` begins at the log's end. Call before the first append in the epoch. */
  assignEpoch(leaderEpoch: number): void;
  /** OffsetForLeaderEpoch (L4): (-1, -1) when unknown. */
  endOffsetForEpoch(leaderEpoch: number): EpochEnd;

  /** Drops everything at and above `offset`. */
  truncateTo(offset: number): void;
  /** Moves the log start up; segments wholly below it are deleted. */
  deleteRecordsBefore(offset: number): void;
  /** Deletes segments by retention.ms, retention.bytes and log start; rolls by age. Returns how many went. */
  applyRetention(): number;
  /** Forgets producers that have been silent for `expirationMs`. */
  expireProducers(expirationMs: number): void;

  /** Staged bytes written, indexes and producer state saved, flushed, files closed. */
  close(): Promise<void>;
}
