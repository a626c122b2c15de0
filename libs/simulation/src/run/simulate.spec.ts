/** Whole runs: a seed decides everything, and a broker under faults loses nothing. */
import { nodeClock } from '@tidemark/platform/node';
import { rejectedByNobody, simulate, type SimulationResult } from './simulate.js';

const run = (seed: number, brokers: number): Promise<SimulationResult> =>
  simulate({ seed, brokers, turns: (next) => nodeClock.defer(next) });

process.on('unhandledRejection', rejectedByNobody);
afterAll(() => process.off('unhandledRejection', rejectedByNobody));

describe('one broker', () => {
  // A seed of primary-backup topics alone, whose faults bite.
  it('does the same for the same seed, and another for another', async () => {
    const [first, again, other] = [await run(9, 1), await run(9, 1), await run(19, 1)];
    expect(first.detail).toBe('');
    expect([again.traceHash, again.steps, again.acknowledged]).toEqual([
      first.traceHash,
      first.steps,
      first.acknowledged,
    ]);
    expect(other.traceHash).not.toBe(first.traceHash);
  });
});
