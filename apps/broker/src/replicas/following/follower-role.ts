/**
 * What a replica does while another broker leads: says where it goes on in the leader's log, and takes what the leader
 * answers: records, the end of a common history, a log start, the leader's high watermark. Holds what was asked last,
 * by which answers are recognised. Made and closed by `replica.ts` with the leader epoch; a `ReplicaFetcher` carries
 * its questions.
 *
 * What must hold: an answer counts only in the epoch and at the place that it was asked for; the next question in a log
 * that flushes before it acknowledges comes after the flush, for the place asked for is the acknowledgement; what was
 * committed is never cut from a quorum replica.
 */
import { LogError, type AppendOptions, type PartitionLog } from '@tidemark/log';
import { ErrorCode } from '@tidemark/wire';
import type { Logger } from 'pino';
import type { BrokerRules } from '../../broker-rules.js';
import type { ReplicaOptions } from '../replica-context.js';

/** What a leader says of one partition. */
export interface LeaderAnswer {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number };
  readonly records: Uint8Array | null;
}

/** What to do about it: ask on, ask again after a pause, or wait for the metadata to change. */
export type Reaction = 'go-on' | 'pause' | 'await-metadata';

export interface FollowerRoleOptions {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly log: PartitionLog;
  readonly quorum: boolean;
  readonly logger: Logger;
  readonly rules: BrokerRules;
  /** Something was staged, cut or learnt: the replica's tick is due. */
  readonly onChanged: () => void;
}

const REPLICATED: AppendOptions = { origin: 'replica', leaderEpoch: -1 };

/** The errors of a leader that the next metadata corrects. */
const AWAIT_METADATA: ReadonlySet<number> = new Set([ErrorCode.FENCED_LEADER_EPOCH]);

export class FollowerRole {
  /** As the leader told it last in this epoch. */
  leaderHighWatermark = -1;
  closed = false;
  /** The disk refused what the leader sent: the leader thinks that it is here, and must be asked again after a while. */
  tookBack = false;
  /** The place asked for last; -1 while the leader's session does not know it. */
  askedOffset = -1;
  /** The number of the request that said so. */
  askedBy = -1;

  private backOffMs = 0;

  constructor(readonly options: FollowerRoleOptions) {}

  /** Where to go on. */
  get fetchOffset(): number {
    return this.options.log.logEndOffset;
  }

  /** Everything that was taken is had in the way that counts: written, in quorum topics flushed. */
  get isSettled(): boolean {
    const { log, rules } = this.options;
    return rules.ownEnd(log) === log.logEndOffset;
  }

  /** The leader is to be asked for another place than it was. */
  get isAhead(): boolean {
    return this.askedOffset !== this.fetchOffset;
  }

  /** Epoch of the last record; -1 when there is none by which logs could be compared. */
  get lastFetchedEpoch(): number {
    const { log } = this.options;
    return log.logEndOffset === log.logStartOffset ? -1 : log.lastRecordEpoch;
  }

  /** How long to wait before asking again after an error: longer each time, until something goes well. */
  backOff({ first, last }: { readonly first: number; readonly last: number }): number {
    this.backOffMs = Math.min(last, Math.max(first, this.backOffMs * 2));
    return this.backOffMs;
  }

  asked(requestNumber: number): void {
    this.askedOffset = this.fetchOffset;
    this.askedBy = requestNumber;
  }

  /** What the leader answered to request `requestNumber`. Nothing when the answer is not to what was asked last. */
  take(answer: LeaderAnswer, requestNumber: number): Reaction | undefined {
    if (this.closed || requestNumber < this.askedBy || this.isAhead) return undefined;
    try {
      return this.react(answer);
    } catch (error) {
      // The log has failed and said so to its replica.
      if (error instanceof LogError) return 'await-metadata';
      throw error;
    }
  }

  private react(answer: LeaderAnswer): Reaction {
    if (answer.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return this.beginAnew(answer.logStartOffset);
    if (answer.errorCode !== ErrorCode.NONE) {
      return AWAIT_METADATA.has(answer.errorCode) ? 'await-metadata' : 'pause';
    }
    const { epoch } = answer.divergingEpoch;
    if (epoch !== -1 || answer.divergingEpoch.endOffset !== -1) return this.truncate(answer.divergingEpoch);
    return this.copy(answer);
  }

  private copy({ records, highWatermark, logStartOffset }: LeaderAnswer): Reaction {
    const { log, onChanged } = this.options;
    let reaction: Reaction = 'go-on';
    if (records !== null && records.length > 0) {
      const { error, errorMessage } = log.append(records, REPLICATED);
      if (error === ErrorCode.KAFKA_STORAGE_ERROR) {
        // As when a staged write is refused: the tick hears of it from the log, says so once and has it asked again.
        onChanged();
        return 'go-on';
      }
      if (error !== ErrorCode.NONE) {
        this.report({ error, errorMessage }, 'what the leader sent cannot be appended');
        reaction = 'pause';
      }
    }
    if (reaction === 'go-on') this.backOffMs = 0;
    this.leaderHighWatermark = highWatermark;
    if (logStartOffset > log.logStartOffset && log.failure === undefined) {
      log.followLogStart(logStartOffset);
    }
    onChanged();
    return reaction;
  }

  /** The leader's log and this one part: what lies behind is cut (KIP-101, KIP-279, KIP-595). */
  private truncate(diverging: { readonly epoch: number; readonly endOffset: number }): Reaction {
    const { log, quorum, onChanged, rules } = this.options;
    const own = log.endOffsetForEpoch(diverging.epoch);
    const end = { epoch: own.leaderEpoch, endOffset: own.endOffset };
    const offset = Math.max(rules.replication.truncationOffset(diverging, end, log.highWatermark), 0);
    if (offset >= log.logEndOffset) {
      this.report({ diverging, own }, 'the leader names a divergence that is none');
      return 'pause';
    }
    if (quorum && offset < log.highWatermark) {
      this.report({ diverging, own, highWatermark: log.highWatermark }, 'refusing to cut committed records');
      return 'await-metadata';
    }
    const { topic, partition, leaderId, logger } = this.options;
    const from = log.logEndOffset;
    const committed = log.highWatermark - offset;
    log.truncateTo(offset);
    const cut = { topic, partition, leaderId, from, to: log.logEndOffset };
    // What an unclean election costs: whoever allowed it is told how much.
    if (committed > 0) logger.warn({ ...cut, committed }, 'committed records are given up');
    else logger.info(cut, 'log truncated');
    onChanged();
    return 'go-on';
  }

  /** The leader has nothing from where this log ends: retention has passed it by. */
  private beginAnew(leaderStart: number): Reaction {
    const { log, onChanged, topic, partition, leaderId } = this.options;
    if (leaderStart <= log.logEndOffset) return 'pause';
    const from = log.logEndOffset;
    log.truncateFullyAndStartAt(leaderStart);
    this.options.logger.warn({ topic, partition, leaderId, from, to: leaderStart }, 'log begins anew');
    onChanged();
    return 'go-on';
  }

  private report(detail: object, what: string): void {
    const { topic, partition, leaderId, leaderEpoch, logger } = this.options;
    logger.error({ topic, partition, leaderId, leaderEpoch, ...detail }, what);
  }
}

/** The role of a replica that is to copy from `leaderId` in an epoch. */
export function beginFollowing(
  { topic, topicId, partition, log, protocol, context }: ReplicaOptions,
  { leaderId, leaderEpoch, onChanged }: Pick<FollowerRoleOptions, 'leaderId' | 'leaderEpoch' | 'onChanged'>,
): FollowerRole {
  const { logger, rules } = context;
  const quorum = protocol === 'quorum';
  const of = { topic, topicId, partition, leaderId, leaderEpoch };
  return new FollowerRole({ ...of, log, quorum, logger, rules, onChanged });
}
