/**
 * The clock of the machine. Stateless; made once, used by every process of the stack.
 */
import type { Clock, Timer } from '../clock.js';

/** setTimeout treats a longer delay as 1 ms; such a timer would fire at once instead of in 25 days. */
const DELAY_MAX_MS = 2 ** 31 - 1;

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs: number, fire: () => void): Timer {
    const timeout = setTimeout(fire, Math.min(Math.max(delayMs, 0), DELAY_MAX_MS));
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
  defer(fire: () => void): void {
    setImmediate(fire);
  },
};
