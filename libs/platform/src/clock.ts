/**
 * The first door: time. Whatever needs to know or wait for the time takes a `Clock`, so that a simulation can
 * run it on virtual time. Holds no state itself; see `node/node-clock.ts` for the real one.
 */

/** A timer that has been set; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall-clock time, milliseconds since 1970. May jump; use it for stamps that people or records carry. */
  now(): number;
  /** Milliseconds since an arbitrary start, never going back. Use it to measure and to set deadlines. */
  monotonic(): number;
  /** Calls `fire` once after `delayMs`. The timer does not keep the process alive by itself. */
  setTimer(delayMs: number, fire: () => void): Timer;
  /** Calls `fire` at the end of this turn of the event loop, after pending I/O callbacks (one "tick"). */
  defer(fire: () => void): void;
}

/** Resolves after `delayMs` on this clock; rejects with the signal's reason when aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
