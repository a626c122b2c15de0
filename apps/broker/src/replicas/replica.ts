/**
 * This broker's replica of one partition: its log, the role that the metadata gave it (`leader-role.ts`,
 * `following/follower-role.ts`, or none), and who waits for it. Holds the high watermark. Called by the Produce, Fetch,
 * ListOffsets handlers and by the coordinators; driven by the tick, which writes what a turn staged, moves the high
 * watermark and releases the waiters in that order.
 *
 * What must hold: nothing is readable before it is committed, or acknowledged before it is written (in quorum topics and
 * with flush.messages=1: on disk); appends carry the leader epoch under which the caller believes to lead, and none is
 * taken in an epoch below the one promised to a controller (`fence`); the high watermark never goes back in an epoch.
 */
import { DiskError } from '@tidemark/platform';
import type { AppendOrigin, AppendResult, LogConfig, PartitionLog, ReadResult } from '@tidemark/log';
import { ErrorCode } from '@tidemark/wire';
import type { PartitionImage, ReplicationProtocol } from '../controller/metadata-image.js';
import type { TickTask } from '../tick.js';
import { beginFollowing, type FollowerRole } from './following/follower-role.js';
import { beginLeadership, type LeaderRole } from './leader-role.js';
import { appendOptionsOf, refusal, type AppendOptionsByOrigin } from './replica-appends.js';
import type { ReplicaContext, ReplicaObserver, ReplicaOptions } from './replica-context.js';
import { certainEnd } from './partition-fences.js';
import { CommitWaiters, ReadWaiters, type OnCommitted } from './waiters.js';

export class Replica implements TickTask {
  scheduled = false;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly log: PartitionLog;
  private readonly recoveredEnd: number;
  /** Long polls that wait for records of this partition. */
  readonly readers = new ReadWaiters();
  /** Followers' fetches, and whoever else wants to know at once. */
  readonly observers = new Set<ReplicaObserver>();
  private minInsyncReplicas: number;
  private leaderRole: LeaderRole | undefined;
  private followerRole: FollowerRole | undefined;
  private fencedEpoch: number;
  private isRepairing: boolean;
  private readonly writing = new CommitWaiters();
  private readonly committing = new CommitWaiters();
  private readonly context: ReplicaContext;
  private leaderId = -1;
  private epoch = -1;
  private image: PartitionImage | undefined;
  private retired = false;
  private isLeading = false;
  private refused = false;
  private appendOptions: AppendOptionsByOrigin;

  constructor(private readonly options: ReplicaOptions) {
    this.topic = options.topic;
    this.topicId = options.topicId;
    this.partition = options.partition;
    this.log = options.log;
    this.recoveredEnd = options.log.logEndOffset;
    this.context = options.context;
    this.minInsyncReplicas = options.minInsyncReplicas;
    this.fencedEpoch = options.fencedEpoch ?? -1;
    this.isRepairing = options.repairing === true;
    this.appendOptions = appendOptionsOf(-1);
    this.log.listener = {
      flushed: () => this.context.tick.scheduleWrite(this),
      failed: (_log, error) => this.failed(error),
      corrupt: (_log, offset) => options.onDamaged?.(this, offset),
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

  get protocol(): ReplicationProtocol {
    return this.options.protocol;
  }

  /** While it leads. */
  get leadership(): LeaderRole | undefined {
    return this.isLeading ? this.leaderRole : undefined;
  }

  /** While another broker leads. */
  get following(): FollowerRole | undefined {
    return this.followerRole;
  }

  /** Whether acks=all can be kept: `min.insync.replicas`, in quorum topics a majority that is heard. */
  get hasEnoughInSync(): boolean {
    return this.leaderRole?.hasEnoughInSync === true;
  }

  /** The log was damaged and is being copied from the leader: never leads, never votes. */
  get repairing(): boolean {
    return this.isRepairing;
  }

  /**
   * False while a new leader may still lag behind what its predecessor committed: the latest offset is not known then.
   */
  get knowsHighWatermark(): boolean {
    return this.highWatermark >= (this.leaderRole?.epochStart ?? 0);
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
    this.image = image;
    if (image.leaderEpoch === this.epoch && image.leader === this.leaderId) {
      this.leaderRole?.follow(image);
      this.afterInSyncChange();
      return;
    }
    this.leaderId = image.leader;
    this.epoch = image.leaderEpoch;
    this.appendOptions = appendOptionsOf(this.epoch);
    this.takeRole();
  }

  configure(config: LogConfig, minInsyncReplicas: number): void {
    this.log.config = config;
    this.minInsyncReplicas = minInsyncReplicas;
    if (this.leaderRole !== undefined) this.leaderRole.minInsyncReplicas = minInsyncReplicas;
    this.context.tick.scheduleWrite(this);
  }

  /**
   * The promise to take nothing of epochs below `epoch` any more, already on disk (`partition-fences.ts`). Answers how
   * far this log goes for certain, if that is known.
   */
  fence(epoch: number): ReturnType<typeof certainEnd> {
    if (epoch > this.fencedEpoch) {
      this.fencedEpoch = epoch;
      if (this.epoch < epoch) this.takeRole();
    }
    return certainEnd(this.log, this.recoveredEnd);
  }

  /** The log is damaged: while another is to lead this replica neither leads nor votes; while none can, it serves on. */
  standDown(down: boolean): void {
    if (this.isRepairing === down) return;
    this.isRepairing = down;
    this.takeRole();
  }

  /** Brokers were registered, fenced or unfenced: who may join the in-sync set has changed. */
  followBrokers(): void {
    if (this.leaderRole === undefined) return;
    this.leaderRole.followBrokers();
    this.context.tick.scheduleWrite(this);
  }

  /** Now and then: followers that lag for too long, or are not heard. */
  checkFollowers(): void {
    if (this.isLeading) this.leaderRole?.check(this.highWatermark, this.context.rules.ownEnd(this.log));
  }

  /** A follower asks for what comes from `fetchOffset` on, and so has what is below. The tick draws the consequences. */
  followerFetched(brokerId: number, brokerEpoch: number, fetchOffset: number): void {
    this.leaderRole?.fetched(brokerId, brokerEpoch, fetchOffset, this.log.writtenEnd);
    this.context.tick.scheduleWrite(this);
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
      this.context.tick.scheduleWrite(this);
    }
    return result;
  }

  /** Calls back when everything below `offset` is written here (with flush.messages=1: on disk). */
  onWritten(offset: number, callback: OnCommitted): void {
    if (!this.leading) callback(this.availability);
    else if (this.context.rules.ownEnd(this.log) >= offset) callback(ErrorCode.NONE);
    else this.writing.add(offset, callback);
  }

  /**
   * Calls back when everything below `offset` is committed, or with an error when that will not be known here any
   * more. At once when it is already; else in the tick that commits it.
   */
  onCommitted(offset: number, callback: OnCommitted): void {
    if (!this.leading) callback(this.availability);
    else if (this.highWatermark >= offset) callback(this.commitOutcome);
    else this.committing.add(offset, callback);
  }

  /**
   * Whole batches from the one that holds `fromOffset`, up to the high watermark: at once from memory, by promise
   * from disk. With `minOneBatch` the first batch comes even when it is larger than `maxBytes`.
   */
  read(fromOffset: number, maxBytes: number, minOneBatch: boolean): ReadResult | Promise<ReadResult> {
    return this.log.read(fromOffset, maxBytes, { upTo: this.highWatermark, minOneBatch });
  }

  /** The same for followers, which copy all that is written. */
  readForFollower(
    fromOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
  ): ReadResult | Promise<ReadResult> {
    return this.log.read(fromOffset, maxBytes, { upTo: this.log.writtenEnd, minOneBatch });
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
    this.takeRole();
  }

  /** The one place where the high watermark moves. */
  private advance(): void {
    const { log, leaderRole, followerRole } = this;
    const end = this.context.rules.ownEnd(log);
    if (this.refused && end > log.highWatermark) this.recovered();
    const before = log.highWatermark;
    if (leaderRole !== undefined) {
      if (this.isLeading) log.highWatermark = leaderRole.highWatermark(before, end);
    } else if (followerRole !== undefined && log.failure === undefined) {
      log.highWatermark = Math.max(before, Math.min(followerRole.leaderHighWatermark, end));
      if (this.isRepairing) this.considerRepaired(followerRole, end);
      this.options.onFollowed?.(followerRole);
    }
    if (this.writing.size > 0) this.writing.release(end);
    if (this.committing.size > 0) this.committing.release(log.highWatermark);
    if (this.readers.size > 0) this.readers.wake();
    if (this.observers.size > 0) for (const observer of this.observers) observer.replicaChanged();
    if (this.isLeading) leaderRole?.review(log.highWatermark, end);
  }

  /** Ends the role there is and begins the one that leader, epoch, promises and the state of the log leave. */
  private takeRole(): void {
    this.leaderRole?.close();
    const ended = this.followerRole;
    if (ended !== undefined) ended.closed = true;
    const { brokerId, rules } = this.context;
    const usable = this.isUsable && rules.mayServe(this.epoch, this.fencedEpoch);
    const led = this.leaderId === brokerId;
    const mayLead = led && !this.isRepairing && this.context.mayLead();
    this.leaderRole = usable && mayLead ? this.lead() : undefined;
    this.followerRole = usable && !led && this.leaderId >= 0 ? this.follow() : undefined;
    this.decideLeading();
    if (!this.isLeading) this.tellWaiters(this.availability);
    this.context.tick.scheduleWrite(this);
    for (const observer of this.observers) observer.replicaChanged();
    if (ended !== undefined || this.followerRole !== undefined) this.options.onFollowing?.(this, ended);
  }

  private lead(): LeaderRole | undefined {
    const { log, context, options, image, topic, topicId, minInsyncReplicas } = this;
    if (image === undefined) return undefined;
    const { protocol } = options;
    const onChanged = (): void => this.afterInSyncChange();
    return beginLeadership(log, {
      context,
      topic,
      topicId,
      image,
      protocol,
      minInsyncReplicas,
      onChanged,
    });
  }

  private follow(): FollowerRole {
    const { leaderId, epoch: leaderEpoch } = this;
    const onChanged = (): void => this.context.tick.scheduleWrite(this);
    return beginFollowing(this.options, { leaderId, leaderEpoch, onChanged });
  }

  /** It has again all that its leader has committed, and may be counted on. */
  private considerRepaired(role: FollowerRole, end: number): void {
    if (role.leaderHighWatermark < 0 || end < role.leaderHighWatermark) return;
    this.isRepairing = false;
    this.options.onRepaired?.(this);
  }

  private get commitOutcome(): ErrorCode {
    const enough = this.protocol === 'quorum' || this.hasEnoughInSync;
    return enough ? ErrorCode.NONE : ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
  }

  /** Whoever waits for more than is committed waits in vain while too few replicas are in sync: better told now. */
  private afterInSyncChange(): void {
    if (!this.isLeading) return;
    this.context.tick.scheduleWrite(this);
    if (this.committing.size > 0 && !this.hasEnoughInSync) {
      this.committing.failBeyond(this.highWatermark, ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    }
  }

  private recovered(): void {
    const { topic, partition } = this;
    this.refused = false;
    this.context.logger.info({ topic, partition }, 'the disk takes appends again');
  }

  /** The disk refused: what was staged is gone from the log again, reads go on, the next append tries anew. */
  private writeRefused(error: Error): void {
    // A full disk refuses thousands of times a second; its beginning and its end are worth a line each.
    if (!this.refused) this.report(error, 'append refused by the disk');
    this.refused = true;
    if (this.followerRole !== undefined) this.followerRole.tookBack = true;
    this.writing.failBeyond(this.logEndOffset, ErrorCode.KAFKA_STORAGE_ERROR);
    this.committing.failBeyond(this.logEndOffset, ErrorCode.KAFKA_STORAGE_ERROR);
  }

  /** What is on disk is not known any more: this replica serves nobody until the broker starts again. */
  private failed(error: Error): void {
    this.report(error, 'log failed: partition taken offline');
    this.takeRole();
    if (error.cause instanceof DiskError) this.context.diskFailed(error);
  }

  /** Asked for three times a request, so it is kept, and decided anew whenever one of its reasons changes. */
  private decideLeading(): void {
    this.isLeading = this.leaderRole !== undefined && this.isUsable;
  }

  private get isUsable(): boolean {
    return this.log.failure === undefined && !this.retired;
  }

  private report(err: Error, what: string): void {
    this.context.logger.error({ err, topic: this.topic, partition: this.partition }, what);
  }

  private tellWaiters(error: ErrorCode): void {
    this.writing.failBeyond(-1, error);
    this.committing.failBeyond(-1, error);
    this.readers.wake();
  }
}
