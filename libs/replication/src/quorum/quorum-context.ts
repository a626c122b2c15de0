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
  /**
   * Between the turns of voters that lost their leader at the same moment. Long enough for the first to have asked for
   * pre-votes and votes, two questions, two answers and a write each, before the next begins, on a machine that does
   * everything late; it costs something only when the first in line is gone as well.
   */
  readonly staggerMs: number;
}

/** For members of one machine or one rack. */
export const QUORUM_TIMEOUTS: QuorumTimeouts = {
  electionMs: 100,
  fetchMs: 1_000,
  retryMs: 50,
  // Where every timer, message and write is late by up to 60 ms (`testing/election-times.ts`), a second election was
  // needed after 35 of 100 kills in a quorum of three with 30, 23 with 80, 20 with 100, 17 with 200; of five after 65,
  // 20, 16 and 15. The mean time without a leader fell from 367 to 310 ms and from 386 to 289; on an idle machine it is
  // 2 ms with any.
  staggerMs: 100,
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
