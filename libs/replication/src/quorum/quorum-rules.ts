/**
 * The decisions that safety rests on, each in one place: when a vote is given, what an acknowledgement means, what is
 * committed. An object, because a checker is only worth what it catches: the simulation replaces one rule at a time by
 * a wrong one and must find out (`testing/mutants.ts`). Nothing else gives rules to a machine.
 */
import type { Ballot } from './quorum-state.js';
import { majorityOf } from './majority.js';
import { compareLogs, type Comparison, type LogView } from './log-view.js';
import type { ReplicaKey } from './replica-key.js';
import { sameReplica } from './replica-key.js';

export interface QuorumRules {
  /** A candidate's log ends where the voter's does, or beyond, in an epoch at least as late. */
  isUpToDate(candidate: { lastEpoch: number; endOffset: number }, log: LogView): boolean;
  /** One vote in an epoch, the same again to the same replica. */
  mayVote(voted: ReplicaKey | undefined, candidate: ReplicaKey): boolean;
  /** Whether a vote is forced to disk before it is given. */
  persistsVote(): boolean;
  /** Where a reader's log stands in relation to the leader's. */
  compare(log: LogView, offset: number, lastEpoch: number): Comparison;
  /** A Fetch acknowledges everything below its offset: whether it may be sent. */
  mayFetch(log: LogView): boolean;
  /** Whether an answer belongs to the one Fetch on its way. */
  isAwaited(awaited: number | undefined, correlation: number): boolean;
  /** How far the leader's own log counts. */
  ownOffset(flushedOffset: number, log: LogView): number;
  /** Whether what a majority has is committed: never by counting entries of an earlier epoch alone. */
  mayCommit(offset: number, epochStartOffset: number): boolean;
  isElected(ballot: Ballot, voters: number): boolean;
}

export const QUORUM_RULES: QuorumRules = {
  isUpToDate: (candidate, log) =>
    candidate.lastEpoch > log.lastEpoch ||
    (candidate.lastEpoch === log.lastEpoch && candidate.endOffset >= log.endOffset),
  mayVote: (voted, candidate) => voted === undefined || sameReplica(voted, candidate),
  persistsVote: () => true,
  compare: compareLogs,
  mayFetch: (log) => log.flushedOffset >= log.endOffset,
  isAwaited: (awaited, correlation) => awaited === correlation,
  ownOffset: (flushedOffset, log) => Math.min(flushedOffset, log.endOffset),
  mayCommit: (offset, epochStartOffset) => offset > epochStartOffset,
  isElected: ({ granted }, voters) => granted.length >= majorityOf(voters),
};
