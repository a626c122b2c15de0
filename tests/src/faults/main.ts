/**
 * `npm run faults [-- ROW... --rounds N --protocol P]`: the matrix of faults with real processes. Prints a line for every
 * row and protocol; exit code 1 when one failed. Rows whose fault did not bite are 'invalid', and counted apart. Shows
 * (`src/faults/shows`) are played when they are named.
 */
import { parseArgs } from 'node:util';
import { ROWS } from '../cluster/rows/index.js';
import { PROTOCOLS, type Row } from './row.js';
import { medianOf, runRow, type RowResult } from './run-row.js';
import { SHOWS } from './shows/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    protocol: { type: 'string' },
    list: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
});

const known = [...ROWS, ...SHOWS];
const unknown = positionals.filter((name) => !known.some((one) => one.name === name));
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
if (unknown.length > 0 || (rounds !== undefined && !(rounds > 0))) {
  process.stderr.write(
    `faults: unknown ${unknown.join(', ') || 'number of rounds'}; known: ${known.map(({ name }) => name).join(' ')}\n`,
  );
  process.exit(2);
}
if (values.list) {
  for (const { name, what, mustHold } of known)
    process.stdout.write(`${name.padEnd(4)} ${what}: ${mustHold}\n`);
  process.exit(0);
}

const chosen = positionals.length === 0 ? ROWS : ROWS.filter(({ name }) => positionals.includes(name));
const protocolsOf = (row: Row): Row['protocols'] =>
  (row.protocols ?? PROTOCOLS).filter((name) => values.protocol === undefined || name === values.protocol);
const say = (line: string): void => {
  if (!values.quiet) process.stderr.write(`  ${line}\n`);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const totals = { passed: 0, failed: 0, invalid: 0 };

for (const row of chosen) {
  for (const protocol of protocolsOf(row) ?? []) {
    const result = await runRow(row, protocol, rounds, say);
    totals[result.outcome] += 1;
    process.stdout.write(`${lineOf(result)}\n`);
    for (const reason of result.reasons) process.stdout.write(`     ${reason}\n`);
  }
}
for (const show of SHOWS.filter(({ name }) => positionals.includes(name))) {
  const { figures, reasons, invalid } = await show.run({ rounds, say });
  const outcome = reasons.length > 0 ? 'failed' : invalid === undefined ? 'passed' : 'invalid';
  totals[outcome] += 1;
  process.stdout.write(`${outcome.toUpperCase().padEnd(7)} ${show.name}\n`);
  for (const line of [...figures, ...reasons, ...(invalid === undefined ? [] : [invalid])])
    process.stdout.write(`     ${line}\n`);
}
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.invalid} invalid\n`);
process.exit(totals.failed > 0 ? 1 : 0);

function lineOf({ row, protocol, outcome, verdict, gaps, healingGapMs, bit, faults }: RowResult): string {
  const { acknowledged, lost, duplicated, reordered } = verdict;
  const gapTexts = [...gaps].map(([group, values]) => {
    const [middle, most] = [medianOf(values), Math.max(...values)].map(Math.round);
    return `${group === '' ? '' : `${group} (${values.length}) `}${middle}/${most} ms`;
  });
  return [
    `${outcome.toUpperCase().padEnd(7)} ${row.padEnd(4)} ${protocol.padEnd(14)}`,
    `acknowledged ${acknowledged}, lost ${lost}, duplicated ${duplicated}, reordered ${reordered};`,
    `longest gap median/max ${gapTexts.join(', ') || 'none'}; while healing ${Math.round(healingGapMs)} ms;`,
    `bit ${bit}/${faults}`,
  ].join(' ');
}
