/**
 * What a step may look at besides the state: who is who, the time, the log, and the rules. Read, never written.
 */
import type { LogView } from './log-view.js';
import type { QuorumRules } from './quorum-rules.js';
import type { ReplicaKey } from './replica-key.js';

/** Milliseconds. */
export interface QuorumTimeouts {
  /** A candidate waits for votes this long and up to as long again. */
  readonly electionMs: number;
  /** A follower without an answer for this long has lost its leader; a leader without a majority of fetches for half as long again resigns. */
  readonly fetchMs: number;
  /** After a failed request. */
  readonly retryMs: number;
  /** Between the turns of voters that lost their leader at the same moment. */
  readonly staggerMs: number;
}

/** For members of one machine or one rack. */
export const QUORUM_TIMEOUTS: QuorumTimeouts = {
  electionMs: 100,
  fetchMs: 1_000,
  retryMs: 50,
  staggerMs: 30,
};

export interface QuorumContext {
  readonly me: ReplicaKey;
  /** Fixed for the life of the cluster, in the order that was configured. */
  readonly voters: readonly ReplicaKey[];
  readonly timeouts: QuorumTimeouts;
  readonly log: LogView;
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly rules: QuorumRules;
}
