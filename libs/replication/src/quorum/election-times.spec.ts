// Elections on a machine with too much to do: that they come to an end in reasonable time, and stay safe.
import type { QuorumTimeouts } from './quorum-context.js';
import { ElectionTimes } from './testing/election-times.js';

const KILLS = 40;
const SEEDS = [1, 2, 3, 4, 5];

/** The share of kills after which a first election was not enough. */
function repeated(size: number, lateMs: number, timeouts: Partial<QuorumTimeouts> = {}): number {
  const reports = SEEDS.map((seed) =>
    new ElectionTimes({ seed, size, lateMs, kills: KILLS, timeouts }).run(),
  );
  return reports.reduce((sum, report) => sum + report.repeated, 0) / (SEEDS.length * KILLS);
}

describe('when timers fire late', () => {
  it.each([3, 5])('one of %i voters is mostly elected at the first attempt', (size) => {
    expect(repeated(size, 60)).toBeLessThan(0.25);
  });

  it('voters that come one after another too quickly split the votes', () => {
    expect(repeated(5, 60, { staggerMs: 10 })).toBeGreaterThan(0.5);
  });

  it.each([1, 2, 3])('nothing committed is lost, though nobody leads for long (seed %i)', (seed) => {
    for (const staggerMs of [10, 50, 150]) {
      new ElectionTimes({ seed, size: 3, lateMs: 200, kills: KILLS, timeouts: { staggerMs } }).run();
    }
  });
});
