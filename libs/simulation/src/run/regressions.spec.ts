/** Schedules that once failed, for ever: `npm run sim -- --shrink` writes them to `regressions/`. */
import { readFileSync, readdirSync } from 'node:fs';
import { nodeClock } from '@tidemark/platform/node';
import type { Schedule } from '../faults/fault.js';
import { rejectedByNobody, simulate } from './simulate.js';

interface Regression {
  readonly seed: number;
  readonly brokers: number;
  readonly found: string;
  readonly schedule: Schedule;
}

const folder = new URL('../../regressions/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

process.on('unhandledRejection', rejectedByNobody);
afterAll(() => process.off('unhandledRejection', rejectedByNobody));

describe('regressions', () => {
  it.each(names.length === 0 ? ['none yet'] : names)('%s holds', async (name) => {
    if (!name.endsWith('.json')) return;
    const { seed, brokers, schedule } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Regression;
    const result = await simulate({ seed, brokers, schedule, turns: (next) => nodeClock.defer(next) });
    // With few faults left it may count for nothing as a run of its own; it must not fail.
    expect(result.invariant === undefined ? '' : result.detail).toBe('');
  });
});
