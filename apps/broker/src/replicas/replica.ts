/**
 * This broker's replica of one partition: its log, the role that the metadata gave it, and who waits for it. Holds the
 * high watermark. Called by the Produce, Fetch, ListOffsets handlers and by the coordinators; driven by the tick,
 * which writes what a turn staged, moves the high watermark and releases the waiters in that order.
 *
 * What must hold: nothing is readable or acknowledged before it is written (with flush.messages=1: on disk); appends
 * carry the leader epoch under which the caller believes to lead; the high watermark never goes back in an epoch.
 */
import { DiskError } from '@tidemark/platform';
import type { AppendOrigin, AppendResult, LogRead, PartitionLog } from '@tidemark/log';
import { ErrorCode } from '@tidemark/wire';
import type { Logger } from 'pino';
import type { PartitionImage } from '../controller/metadata-image.js';
import type { Tick, TickTask } from '../tick.js';
import { CommitWaiters, ReadWaiters, type OnCommitted } from './waiters.js';

export interface ReplicaOptions {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly log: PartitionLog;
  readonly brokerId: number;
  readonly tick: Tick;
  readonly logger: Logger;
  /** Fsync after so many records; 1 means that nothing is committed before it is on disk. */
  readonly flushMessages: number;
}

export class Replica implements TickTask {
  scheduled = false;
  /** Long polls that wait for records of this partition. */
  readonly readers = new ReadWaiters();
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly log: PartitionLog;
  flushMessages: number;
  private readonly committing = new CommitWaiters();
  private leaderId = -1;
  private epoch = -1;
  private watermark = 0;
  private flushing = false;
  private offlineBecause: Error | undefined;

  constructor(private readonly options: ReplicaOptions) {
    this.topic = options.topic;
    this.topicId = options.topicId;
    this.partition = options.partition;
    this.log = options.log;
    this.flushMessages = options.flushMessages;
    this.watermark = options.log.logStartOffset;
  }

  get leader(): number {
    return this.leaderId;
  }

  get leaderEpoch(): number {
    return this.epoch;
  }

  /** True while this broker leads the partition and its log can be used. */
  get leading(): boolean {
    return this.leaderId === this.options.brokerId && this.offlineBecause === undefined;
  }

  /** The first offset that is not committed: consumers read below it. */
  get highWatermark(): number {
    return this.watermark;
  }

  /** The first offset of the earliest open transaction; there are none yet. */
  get lastStableOffset(): number {
    return this.watermark;
  }

  get logStartOffset(): number {
    return this.log.logStartOffset;
  }

  get logEndOffset(): number {
    return this.log.logEndOffset;
  }

  /** Why the partition cannot be used here, or `NONE`. */
  get availability(): ErrorCode {
    if (this.offlineBecause !== undefined) return ErrorCode.KAFKA_STORAGE_ERROR;
    return this.leading ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  /** What a client's idea of the leader epoch (-1: none) deserves: `NONE`, `FENCED_` or `UNKNOWN_LEADER_EPOCH`. */
  checkEpoch(current: number): ErrorCode {
    if (current === -1 || current === this.epoch) return ErrorCode.NONE;
    return current < this.epoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
  }

  /** Takes the role that the metadata gives. A new epoch of the own leadership is in the log before any append. */
  assume(image: PartitionImage): void {
    if (image.leaderEpoch === this.epoch && image.leader === this.leaderId) return;
    this.leaderId = image.leader;
    this.epoch = image.leaderEpoch;
    if (this.leading) this.log.assignEpoch(image.leaderEpoch);
    else this.committing.fail(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    this.options.tick.scheduleWrite(this);
  }

  /**
   * Stages one record batch. `leaderEpoch` is the epoch under which the caller believes to write: -1 for clients,
   * which are served in whatever epoch it is now; a coordinator gives the epoch that it took over in, and is fenced.
   */
  append(batch: Uint8Array, origin: AppendOrigin, leaderEpoch = -1): AppendResult {
    if (!this.leading) return { error: this.availability };
    const fenced = this.checkEpoch(leaderEpoch);
    if (fenced !== ErrorCode.NONE) return { error: fenced };
    const result = this.log.append(batch, { origin, leaderEpoch: this.epoch });
    this.options.tick.scheduleWrite(this);
    return result;
  }

  /**
   * Calls back when everything below `offset` is committed, or with an error when that will not be known here any
   * more. At once when it is already; else in the tick that commits it. Offsets are asked for in ascending order.
   */
  onCommitted(offset: number, callback: OnCommitted): void {
    if (!this.leading) callback(this.availability);
    else if (this.watermark >= offset) callback(ErrorCode.NONE);
    else this.committing.add(offset, callback);
  }

  /**
   * Whole batches from the one that holds `fromOffset`, up to the high watermark: at once from memory, by promise
   * from disk. With `minOneBatch` the first batch comes even when it is larger than `maxBytes`.
   */
  read(fromOffset: number, maxBytes: number, minOneBatch: boolean): LogRead | Promise<LogRead> {
    return this.log.read(fromOffset, maxBytes, { upTo: this.watermark, minOneBatch });
  }

  /** End of a turn: one write, then whoever waited for it. */
  runTick(): void {
    if (this.offlineBecause !== undefined) return;
    try {
      this.log.writeStaged();
    } catch (error) {
      this.writeFailed(error);
      return;
    }
    if (this.log.writtenOffset - this.log.flushedOffset >= this.flushMessages) this.flush();
    this.advance();
  }

  /** Makes what is written durable; whoever is first flushes for all that was written until then. */
  flush(): void {
    if (this.flushing || this.offlineBecause !== undefined) return;
    this.flushing = true;
    this.log.flush().then(
      () => {
        this.flushing = false;
        this.options.tick.scheduleWrite(this);
      },
      (error: unknown) => this.goOffline(error),
    );
  }

  /** Records below `offset` are given up (DeleteRecords); the answer is the new log start or an error. */
  deleteRecordsBefore(offset: number): { lowWatermark: number } | { error: ErrorCode } {
    if (!this.leading) return { error: this.availability };
    const target = offset === -1 ? this.watermark : offset;
    if (target < 0 || target > this.watermark) return { error: ErrorCode.OFFSET_OUT_OF_RANGE };
    this.log.deleteRecordsBefore(target);
    this.options.tick.scheduleWrite(this);
    return { lowWatermark: this.log.logStartOffset };
  }

  /** The partition is leaving this broker: everybody who waits is told. */
  retire(): void {
    this.leaderId = -1;
    this.committing.fail(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    this.readers.wake();
  }

  /** The one place where the high watermark moves. This log alone commits, as long as a partition has one replica. */
  private advance(): void {
    const committed = this.flushMessages === 1 ? this.log.flushedOffset : this.log.writtenOffset;
    if (committed > this.watermark) this.watermark = committed;
    if (this.committing.size > 0) this.committing.release(this.watermark);
    if (this.readers.size > 0) this.readers.wake();
  }

  /** The write was refused: what was staged is gone from the log, reads go on, and the next append tries again. */
  private writeFailed(error: unknown): void {
    if (!(error instanceof DiskError)) throw error;
    this.options.logger.error({ err: error, topic: this.topic, partition: this.partition }, 'append refused');
    this.committing.fail(ErrorCode.KAFKA_STORAGE_ERROR);
  }

  /** A failed fsync leaves it unknown what is on disk: this replica serves nobody until the broker is restarted. */
  private goOffline(error: unknown): void {
    this.flushing = false;
    this.offlineBecause = error instanceof Error ? error : new Error(String(error));
    this.options.logger.error(
      { err: error, topic: this.topic, partition: this.partition },
      'flush failed: partition taken offline',
    );
    this.committing.fail(ErrorCode.KAFKA_STORAGE_ERROR);
    this.readers.wake();
  }
}
