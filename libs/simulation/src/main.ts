/**
 * `npm run sim`: runs whole clusters by seed and prints what came of it; for a seed that fails, the command that runs it
 * again and the smallest schedule found that still fails, kept under `regressions/`. See docs/simulation.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeClock } from '@tidemark/platform/node';
import { pino, type Logger } from 'pino';
import { SITUATIONS } from './checkers/coverage.js';
import { scheduleOf, type Schedule } from './faults/fault.js';
import { MUTANTS, mutantNamed, type Mutant } from './run/mutants.js';
import { shrink } from './run/shrink.js';
import { rejectedByNobody, simulate, type SimulationOptions, type SimulationResult } from './run/simulate.js';
import { Totals } from './run/totals.js';

/** With so many seeds a designated situation that was never reached fails the run. */
const COVERAGE_SEEDS = 300;
/** A mutant that was found so often needs no more seeds. */
const FOUND_ENOUGH = 3;
const SHRINK_MS = 60_000;
const REGRESSIONS = new URL('../regressions/', import.meta.url);

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    brokers: { type: 'string', default: '3' },
    schedule: { type: 'string' },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    'log-level': { type: 'string', default: 'warn' },
    shrink: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const chosenMutant = values.mutant === undefined ? undefined : mutantNamed(values.mutant);
if (values.mutant !== undefined && chosenMutant === undefined) {
  throw new Error(
    `no mutant is named ${values.mutant}; there are ${MUTANTS.map(({ name }) => name).join(', ')}`,
  );
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
/** Of the process that runs the simulation, not of the simulated ones. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Interrupted: what there is so far is printed. */
let stopped = false;

function optionsFor(seed: number, schedule: Schedule | undefined, mutant?: Mutant): SimulationOptions {
  const logger = (node: number): Logger =>
    pino(
      { level: values['log-level'], base: { node }, timestamp: false },
      { write: (line: string) => say(line.trimEnd()) },
    );
  return {
    seed,
    brokers: Number(values.brokers),
    turns: (next) => nodeClock.defer(next),
    mutant: mutant ?? chosenMutant,
    ...(schedule === undefined ? {} : { schedule }),
    ...(values.trace ? { trace: say, logger } : {}),
  };
}

function replayCommand(seed: number): string {
  const brokers = values.brokers === '3' ? '' : ` --brokers ${values.brokers}`;
  const mutant = values.mutant === undefined ? '' : ` --mutant ${values.mutant}`;
  const schedule = values.schedule === undefined ? '' : ` --schedule ${values.schedule}`;
  return `npm run sim -- --seed ${seed}${brokers}${mutant}${schedule} --trace`;
}

async function report(result: SimulationResult, schedule: Schedule | undefined): Promise<void> {
  say(`FAILED seed ${result.seed} after ${Math.round(result.virtualMs)} ms: ${result.detail}`);
  say(`  again: ${replayCommand(result.seed)}`);
  if (!values.shrink || result.invariant === undefined) return;
  const { invariant } = result;
  const smallest = await shrink({
    seed: result.seed,
    schedule: schedule ?? scheduleOf(result.seed, chosenMutant?.story),
    budgetMs: SHRINK_MS,
    fails: async (tried) => (await simulate(optionsFor(result.seed, tried))).invariant === invariant,
  });
  const brokers = chosenMutant?.brokers ?? Number(values.brokers);
  const content = { seed: result.seed, brokers, found: result.detail, schedule: smallest };
  const name = `${invariant.toLowerCase()}-seed-${result.seed}.json`;
  // What finds a mutant is no regression of ours.
  const path =
    chosenMutant === undefined ? fileURLToPath(new URL(name, REGRESSIONS)) : `${chosenMutant.name}-${name}`;
  if (chosenMutant === undefined) mkdirSync(REGRESSIONS, { recursive: true });
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
  say(`  ${smallest.length} faults are enough: ${path}`);
}

/** Each mutant over the same seeds until enough of them found it: the first of them, and by which checker. */
async function tryMutants(first: number, count: number): Promise<number> {
  let missed = 0;
  say('| Mutant | The bug | Stories | Found in | First | By |');
  say('|---|---|---|---|---|---|');
  for (const mutant of chosenMutant === undefined ? MUTANTS : [chosenMutant]) {
    if (stopped) break;
    const by = new Map<string, number>();
    let found = 0;
    let firstSeed: number | undefined;
    let tried = 0;
    for (let seed = first; seed < first + count && found < FOUND_ENOUGH; seed += 1) {
      tried += 1;
      const { invariant } = await simulate(optionsFor(seed, undefined, mutant));
      if (invariant === undefined) continue;
      found += 1;
      firstSeed ??= seed;
      by.set(invariant, (by.get(invariant) ?? 0) + 1);
    }
    if (found === 0) missed += 1;
    const checkers = [...by]
      .sort((one, other) => other[1] - one[1])
      .map(([name, times]) => `${name} ${times}`);
    say(
      `| \`${mutant.name}\` | ${mutant.bug} | ${mutant.story === undefined ? 'any' : `\`${mutant.story}\``} | ${found} of ${tried} | ${firstSeed ?? '–'} | ${checkers.join(', ') || 'nobody'} |`,
    );
  }
  return missed === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  if (values.mutants) return tryMutants(Number(values.from), Number(values.seeds));
  const schedule =
    values.schedule === undefined
      ? undefined
      : (JSON.parse(readFileSync(values.schedule, 'utf8')) as { schedule: Schedule }).schedule;
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const totals = new Totals();
  const begun = performance.now();
  const cpuBegun = cpuMs();
  for (let seed = first; seed < first + count && !stopped; seed += 1) {
    const result = await simulate(optionsFor(seed, schedule));
    totals.add(result);
    if (values.verbose || count === 1) {
      const { outcome, detail, bitten, acknowledged, steps, virtualMs, traceHash } = result;
      say(
        `seed ${seed} ${outcome}: ${bitten} faults bit, ${acknowledged} acknowledged, ${steps} steps, ` +
          `${Math.round(virtualMs)} ms, trace ${(traceHash >>> 0).toString(16)} ${detail}`,
      );
    }
    if (result.outcome === 'failed') await report(result, schedule);
  }
  for (const line of totals.lines(performance.now() - begun, cpuMs() - cpuBegun)) say(line);
  const { missing } = totals.coverage;
  if (count >= COVERAGE_SEEDS && missing.length > 0) {
    say(`NEVER REACHED: ${missing.join(', ')} (of ${SITUATIONS.length})`);
    return 1;
  }
  return totals.failed === 0 ? 0 : 1;
}

// Refused connections and full disks are errors by the thousand, and where each came from is read only when one seed is
// run again.
Error.stackTraceLimit = values.seed === undefined ? 0 : 10;
process.once('SIGINT', () => {
  stopped = true;
});
process.on('unhandledRejection', rejectedByNobody);
process.exitCode = await main();
