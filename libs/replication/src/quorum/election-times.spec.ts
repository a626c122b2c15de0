// Elections on a machine with too much to do: that they stay safe.
import { ElectionTimes } from './testing/election-times.js';

const KILLS = 40;

describe('when timers fire late', () => {
  it.each([1, 2, 3])('nothing committed is lost, though nobody leads for long (seed %i)', (seed) => {
    for (const staggerMs of [10, 50, 150]) {
      new ElectionTimes({ seed, size: 3, lateMs: 200, kills: KILLS, timeouts: { staggerMs } }).run();
    }
  });
});
