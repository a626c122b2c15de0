/**
 * What a partition's log is opened with, and what it tells its owner. Types only.
 */
import type { LogConfig } from './config/log-config.js';
import type { LogError } from './log-error.js';
import type { LogResources } from './log-resources.js';
import type { PartitionLog } from './partition-log.js';

export interface LogListener {
  /** `flushedEnd` (and with flush.messages=1 `acknowledgeableEnd`) has moved. Called from the event loop. */
  flushed?(log: PartitionLog): void;
  /**
   * A batch at or after `offset` is not what was written (bit rot, a misdirected write): it is not served, nothing is cut,
   * and the rest of the log can be read. Told once per process and log; `corruptOffset` keeps it.
   */
  corrupt?(log: PartitionLog, offset: number): void;
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
  readonly resources: LogResources;
  readonly directory: string;
  readonly identity: LogIdentity;
  readonly config: LogConfig;
  /** From the checkpoints; 0 when there are none. */
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** The last owner closed the log in order. */
  readonly clean: boolean;
  /** The machine went down under the last owner: what was not forced to disk may be gone, in any order. */
  readonly pageCacheLost: boolean;
  /** The recovery point is about to go back: it must be checkpointed before anything is cut. */
  readonly onTruncate?: (log: PartitionLog) => void;
  readonly listener?: LogListener | undefined;
}

export interface EpochEnd {
  readonly leaderEpoch: number;
  readonly endOffset: number;
}
