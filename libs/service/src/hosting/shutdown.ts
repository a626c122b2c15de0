/**
 * Ending in order: on SIGTERM or SIGINT the steps are run one after the other within one bound, then the process
 * exits with 0. The order is the caller's: unready first, then stop taking work, finish what is in hand, commit, leave
 * the groups, close the producer, the database, the listener last. A step that fails or is too slow is named in the
 * log and does not keep the others from running.
 */
import type { Clock } from '@tidemark/platform';
import { describeError } from './logger.js';
import type { Logger } from './logger.js';

export interface ShutdownStep {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

export interface ShutdownOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly steps: readonly ShutdownStep[];
  /** All steps together, milliseconds. Default 8,000: less than the ten seconds after which supervisors kill. */
  readonly boundMs?: number;
}

const BOUND_MS = 8_000;
const TOO_SLOW = Symbol('too slow');

/** Runs the steps; answers whether all of them succeeded in time. Never rejects. */
export async function runShutdown(options: ShutdownOptions): Promise<boolean> {
  const { clock, logger, steps, boundMs = BOUND_MS } = options;
  const deadline = clock.monotonic() + boundMs;
  let clean = true;
  for (const { name, run } of steps) {
    const begun = clock.monotonic();
    try {
      // Every later step gets at least a moment, however long the earlier ones took.
      const left = Math.max(100, deadline - begun);
      const result = await withinMs(clock, left, Promise.resolve().then(run));
      if (result !== TOO_SLOW) continue;
      clean = false;
      logger.error(
        { step: name, afterMs: Math.round(left) },
        'a step of the shutdown takes too long; going on',
      );
    } catch (error) {
      clean = false;
      logger.error({ step: name, error: describeError(error) }, 'a step of the shutdown failed; going on');
    }
  }
  return clean;
}

/** Installs the signal handlers. A second signal while draining changes nothing; the bound ends the process. */
export function shutDownOnSignal(options: ShutdownOptions): void {
  let begun = false;
  const begin = (signal: string): void => {
    if (begun) return;
    begun = true;
    options.logger.info({ signal }, 'draining');
    void runShutdown(options).then((clean) => {
      options.logger.info({ clean }, 'ended');
      process.exit(0);
    });
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
}

function withinMs(clock: Clock, delayMs: number, work: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(delayMs, () => resolve(TOO_SLOW));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
