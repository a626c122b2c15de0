/**
 * The second door: chance. A `Random` is asked for numbers wherever the program may behave differently from run
 * to run (ids, jitter, back-off), so that a simulation can answer from a seed.
 */

export interface Random {
  /** A uniformly distributed integer, 0 <= value < limit; limit is at most 2^32. */
  below(limit: number): number;
  /** `length` random bytes, fit for secrets in the real implementation. */
  bytes(length: number): Uint8Array;
  /** A version 4 UUID in its 36-character form. */
  uuid(): string;
}
