/**
 * This broker's replica of one partition: its log, the role that the metadata gave it, and who waits for it. Holds the
 * high watermark. Called by the Produce, Fetch, ListOffsets handlers and by the coordinators; driven by the tick,
 * which writes what a turn staged, moves the high watermark and releases the waiters in that order.
 *
 * What must hold: nothing is readable or acknowledged before it is written (with flush.messages=1: on disk); appends
 * carry the leader epoch under which the caller believes to lead; the high watermark never goes back in an epoch.
 */
import type {
  AppendOptions,
  AppendOrigin,
  AppendResult,
  LogConfig,
  PartitionLog,
  ReadResult,
} from '@tidemark/log';
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
  /** acks=all is refused while fewer replicas are in sync. */
  readonly minInsyncReplicas: number;
}

export class Replica implements TickTask {
  scheduled = false;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly log: PartitionLog;
  /** Long polls that wait for records of this partition. */
  readonly readers = new ReadWaiters();
  minInsyncReplicas: number;
  /** Replicas in sync, this one included. */
  inSyncCount = 0;
  private readonly writing = new CommitWaiters();
  private readonly committing = new CommitWaiters();
  private leaderId = -1;
  private epoch = -1;
  private retired = false;
  private isLeading = false;
  private refused = false;
  private appendOptions: Readonly<Record<AppendOrigin, AppendOptions>>;

  constructor(private readonly options: ReplicaOptions) {
    this.topic = options.topic;
    this.topicId = options.topicId;
    this.partition = options.partition;
    this.log = options.log;
    this.minInsyncReplicas = options.minInsyncReplicas;
    this.appendOptions = optionsOf(-1);
    this.log.listener = {
      flushed: () => options.tick.scheduleWrite(this),
      failed: (_log, error) => this.failed(error),
    };
  }

  get leader(): number {
    return this.leaderId;
  }

  get leaderEpoch(): number {
    return this.epoch;
  }

  /** True while this broker leads the partition and its log can be used. */
  get leading(): boolean {
    return this.isLeading;
  }

  /** The first offset that is not committed: consumers read below it. */
  get highWatermark(): number {
    return this.log.highWatermark;
  }

  /** The first offset of the earliest open transaction; there are none yet. */
  get lastStableOffset(): number {
    return this.log.highWatermark;
  }

  get logStartOffset(): number {
    return this.log.logStartOffset;
  }

  get logEndOffset(): number {
    return this.log.logEndOffset;
  }

  /** Why the partition cannot be used here, or `NONE`. */
  get availability(): ErrorCode {
    if (this.log.failure !== undefined) return ErrorCode.KAFKA_STORAGE_ERROR;
    return this.leading ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  /** What a client's idea of the leader epoch (-1: none) deserves: `NONE`, `FENCED_` or `UNKNOWN_LEADER_EPOCH`. */
  checkEpoch(current: number): ErrorCode {
    if (current === -1 || current === this.epoch) return ErrorCode.NONE;
    return current < this.epoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
  }

  /** Takes the role that the metadata gives. A new epoch of the own leadership is in the log before any append. */
  assume(image: PartitionImage): void {
    this.inSyncCount = image.isr.length;
    if (image.leaderEpoch === this.epoch && image.leader === this.leaderId) return;
    this.leaderId = image.leader;
    this.epoch = image.leaderEpoch;
    this.appendOptions = optionsOf(this.epoch);
    this.decideLeading();
    if (this.leading) this.log.assignEpoch(this.epoch);
    else this.tellWaiters(this.availability);
    this.options.tick.scheduleWrite(this);
  }

  configure(config: LogConfig, minInsyncReplicas: number): void {
    this.log.config = config;
    this.minInsyncReplicas = minInsyncReplicas;
    this.options.tick.scheduleWrite(this);
  }

  /**
   * Stages one record batch; the answer is reused by the next append. `leaderEpoch` is the epoch under which the caller
   * believes to write: -1 for clients, which are served in whatever epoch it is now; a coordinator gives the epoch that
   * it took over in, and is fenced.
   */
  append(batch: Uint8Array, origin: AppendOrigin, leaderEpoch = -1): AppendResult {
    const refused = this.leading ? this.checkEpoch(leaderEpoch) : this.availability;
    if (refused !== ErrorCode.NONE) return refusal(refused);
    const result = this.log.append(batch, this.appendOptions[origin]);
    // A log that the disk refused takes nothing more until the tick has heard of it.
    if (result.error === ErrorCode.NONE || result.error === ErrorCode.KAFKA_STORAGE_ERROR) {
      this.options.tick.scheduleWrite(this);
    }
    return result;
  }

  /** Calls back when everything below `offset` is written here (with flush.messages=1: on disk). */
  onWritten(offset: number, callback: OnCommitted): void {
    if (!this.leading) callback(this.availability);
    else if (this.log.acknowledgeableEnd >= offset) callback(ErrorCode.NONE);
    else this.writing.add(offset, callback);
  }

  /**
   * Calls back when everything below `offset` is committed, or with an error when that will not be known here any
   * more. At once when it is already; else in the tick that commits it.
   */
  onCommitted(offset: number, callback: OnCommitted): void {
    if (!this.leading) callback(this.availability);
    else if (this.highWatermark >= offset) callback(ErrorCode.NONE);
    else this.committing.add(offset, callback);
  }

  /**
   * Whole batches from the one that holds `fromOffset`, up to the high watermark: at once from memory, by promise
   * from disk. With `minOneBatch` the first batch comes even when it is larger than `maxBytes`.
   */
  read(fromOffset: number, maxBytes: number, minOneBatch: boolean): ReadResult | Promise<ReadResult> {
    return this.log.read(fromOffset, maxBytes, { upTo: this.highWatermark, minOneBatch });
  }

  /** End of a turn: one write, then whoever waited for it. */
  runTick(): void {
    if (this.retired) return;
    const refused = this.log.writeStaged();
    if (refused !== undefined) this.writeRefused(refused);
    this.log.flushIfDue();
    this.advance();
  }

  /** Records below `offset` are given up (DeleteRecords; -1: all that are committed). */
  deleteRecordsBefore(offset: number): { lowWatermark: number } | { error: ErrorCode } {
    if (!this.leading) return { error: this.availability };
    const target = offset === -1 ? this.highWatermark : offset;
    if (target < 0 || target > this.highWatermark) return { error: ErrorCode.OFFSET_OUT_OF_RANGE };
    this.log.deleteRecordsBefore(target);
    return { lowWatermark: this.log.logStartOffset };
  }

  /** The partition is leaving this broker, or the broker stops: everybody who waits is told. */
  retire(): void {
    this.retired = true;
    this.decideLeading();
    this.tellWaiters(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }

  /** The one place where the high watermark moves. This log alone commits, as long as a partition has one replica. */
  private advance(): void {
    const end = this.log.acknowledgeableEnd;
    if (this.refused && end > this.log.highWatermark) this.recovered();
    if (this.leading && end > this.log.highWatermark) this.log.highWatermark = end;
    if (this.writing.size > 0) this.writing.release(end);
    if (this.committing.size > 0) this.committing.release(this.highWatermark);
    if (this.readers.size > 0) this.readers.wake();
  }

  private recovered(): void {
    this.refused = false;
    this.options.logger.info(
      { topic: this.topic, partition: this.partition },
      'the disk takes appends again',
    );
  }

  /** The disk refused: what was staged is gone from the log again, reads go on, the next append tries anew. */
  private writeRefused(error: Error): void {
    // A full disk refuses thousands of times a second; its beginning and its end are worth a line each.
    if (!this.refused) this.report(error, 'append refused by the disk');
    this.refused = true;
    this.writing.failBeyond(this.logEndOffset, ErrorCode.KAFKA_STORAGE_ERROR);
    this.committing.failBeyond(this.logEndOffset, ErrorCode.KAFKA_STORAGE_ERROR);
  }

  /** What is on disk is not known any more: this replica serves nobody until the broker starts again. */
  private failed(error: Error): void {
    this.decideLeading();
    this.report(error, 'log failed: partition taken offline');
    this.tellWaiters(ErrorCode.KAFKA_STORAGE_ERROR);
  }

  /** Asked for three times a request, so it is kept, and decided anew whenever one of its reasons changes. */
  private decideLeading(): void {
    const { brokerId } = this.options;
    this.isLeading = this.leaderId === brokerId && this.log.failure === undefined && !this.retired;
  }

  private report(err: Error, what: string): void {
    this.options.logger.error({ err, topic: this.topic, partition: this.partition }, what);
  }

  private tellWaiters(error: ErrorCode): void {
    this.writing.failBeyond(-1, error);
    this.committing.failBeyond(-1, error);
    this.readers.wake();
  }
}

function optionsOf(leaderEpoch: number): Readonly<Record<AppendOrigin, AppendOptions>> {
  return {
    client: { origin: 'client', leaderEpoch },
    coordinator: { origin: 'coordinator', leaderEpoch },
    replica: { origin: 'replica', leaderEpoch },
  };
}

function refusal(error: ErrorCode): AppendResult {
  return {
    error,
    errorMessage: null,
    baseOffset: -1,
    lastOffset: -1,
    logAppendTimeMs: -1,
    duplicate: false,
    recordErrors: [],
  };
}
