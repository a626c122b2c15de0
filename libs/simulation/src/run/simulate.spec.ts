/** Whole runs: a seed decides everything, clusters under faults lose nothing, and the checkers would notice. */
import { nodeClock } from '@tidemark/platform/node';
import { mutantNamed, type Mutant } from './mutants.js';
import { rejectedByNobody, simulate, type SimulationResult } from './simulate.js';

const run = (seed: number, brokers: number, mutant?: Mutant): Promise<SimulationResult> =>
  simulate({ seed, brokers, mutant, turns: (next) => nodeClock.defer(next) });

/** Real time for the seeds of this suite; a busy machine runs fewer of them. */
const BUDGET_MS = 30_000;
const SEEDS_MAX = 40;
const PATIENCE_MS = 180_000;

process.on('unhandledRejection', rejectedByNobody);
afterAll(() => process.off('unhandledRejection', rejectedByNobody));

describe('one broker', () => {
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

describe('three brokers', () => {
  it(
    'lose nothing, whatever the seed',
    async () => {
      const deadline = nodeClock.monotonic() + BUDGET_MS;
      const failed: string[] = [];
      let ran = 0;
      for (let seed = 1; seed <= SEEDS_MAX && nodeClock.monotonic() < deadline; seed += 1) {
        const { outcome, detail } = await run(seed, 3);
        if (outcome === 'failed') failed.push(`seed ${seed}: ${detail}`);
        ran += 1;
      }
      expect(failed).toEqual([]);
      expect(ran).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  it(
    'are caught when leaders commit alone',
    async () => {
      const mutant = mutantNamed('leader-alone');
      let found: string | undefined;
      for (let seed = 1; seed <= 10 && found === undefined; seed += 1) {
        found = (await run(seed, 3, mutant)).invariant;
      }
      expect(found).toBeDefined();
    },
    PATIENCE_MS,
  );
});
