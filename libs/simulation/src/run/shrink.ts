/**
 * Makes a failing schedule smaller with fast-check, which tries fewer faults, earlier and shorter ones, and simpler kinds.
 * The simulator runs each; fast-check owns neither time nor messages. Bounded by real time, because a run takes a
 * tenth of a second.
 */
import fc from 'fast-check';
import { nodeClock } from '@tidemark/platform/node';
import { scheduleArbitrary, type Schedule } from '../faults/fault.js';

export interface ShrinkOptions {
  readonly seed: number;
  readonly schedule: Schedule;
  readonly budgetMs: number;
  /** Whether this schedule fails in the same way. */
  readonly fails: (schedule: Schedule) => Promise<boolean>;
}

export async function shrink({ seed, schedule, budgetMs, fails }: ShrinkOptions): Promise<Schedule> {
  const deadline = nodeClock.monotonic() + budgetMs;
  let smallest = schedule;
  const byTime = (faults: Schedule): Schedule => [...faults].sort((one, other) => one.at - other.at);
  await fc.check(
    fc.asyncProperty(scheduleArbitrary, async (tried) => {
      if (nodeClock.monotonic() > deadline) return true;
      if (!(await fails(byTime(tried)))) return true;
      smallest = byTime(tried);
      return false;
    }),
    { seed, numRuns: 1, examples: [[schedule]] },
  );
  return smallest;
}
