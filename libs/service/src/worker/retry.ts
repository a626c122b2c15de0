/**
 * The one policy for work on a record that fails: tried again a bounded number of times with growing pauses, then given
 * up by the caller (dead letters). Used by the partition worker and the topic transport.
 */
import { sleep } from '@tidemark/platform';
import type { Clock } from '@tidemark/platform';

export interface RetryPolicy {
  /** Tries before a record goes to the dead letters. */
  readonly attemptsMax: number;
  /** Pause after the first failed try, milliseconds; doubles each time. */
  readonly backOffMs: number;
  /** Longest pause, milliseconds. */
  readonly backOffMaxMs: number;
}

export const RETRY_POLICY: RetryPolicy = { attemptsMax: 5, backOffMs: 100, backOffMaxMs: 5_000 };

/** Thrown for what no second try can mend: straight to the dead letters. */
export class UnprocessableError extends Error {
  override readonly name: string = 'UnprocessableError';
}

/** Done; or `aborted` (the partition is gone: leave the record to its next owner); or given up. */
export type Tried<T> =
  { readonly value: T } | { readonly aborted: true } | { readonly error: Error; readonly attempts: number };

/** Never rejects. */
export async function tryBounded<T>(
  work: (attempt: number) => Promise<T> | T,
  options: { readonly clock: Clock; readonly policy: RetryPolicy; readonly signal: AbortSignal },
): Promise<Tried<T>> {
  const { clock, policy, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    if (signal.aborted) return { aborted: true };
    try {
      return { value: await work(attempt) };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (isAborted(signal)) return { aborted: true };
      if (attempt >= policy.attemptsMax || error instanceof UnprocessableError)
        return { error, attempts: attempt };
      const pauseMs = Math.min(policy.backOffMaxMs, policy.backOffMs * 2 ** (attempt - 1));
      await sleep(clock, pauseMs, signal).catch(() => undefined);
    }
  }
}

/** A call, because the compiler takes a signal that was not aborted once to be so for ever. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
