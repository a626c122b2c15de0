// The short set of the matrix of faults, in every run of the tests: kill -9 of every broker in turn, of all brokers together, and bits
// that flip, for both replication protocols. The whole of it is `npm run faults`.
import { PROTOCOLS, type Row } from '../faults/row.js';
import { runRow } from '../faults/run-row.js';
import { flippedBits } from './rows/damage/d4-flipped-bits.js';
import { killBrokers } from './rows/processes/p1-kill-brokers.js';
import { killAll } from './rows/processes/p8-kill-all.js';

const ROUNDS: readonly (readonly [Row, number])[] = [
  [killBrokers, 1],
  [killAll, 1],
  [flippedBits, 1],
];
const RUNS = ROUNDS.flatMap(([row, rounds]) => PROTOCOLS.map((protocol) => ({ row, protocol, rounds })));

describe.each(RUNS.map((run) => [run.row.name, run.protocol, run] as const))(
  'row %s with %s',
  (_name, _protocol, { row, protocol, rounds }) => {
    it(`${row.what}: ${row.mustHold}`, async () => {
      // How long producers waited is a figure for a machine of one's own; here others may be at work.
      const { gapLimits: _, ...safety } = row;
      const { outcome, reasons, verdict, bit, faults } = await runRow(safety, protocol, rounds);
      expect({ outcome, reasons, bit }).toEqual({ outcome: 'passed', reasons: [], bit: faults });
      expect(verdict.acknowledged).toBeGreaterThan(100);
    }, 120_000);
  },
);
