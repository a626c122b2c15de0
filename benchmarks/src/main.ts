/**
 * `npm run bench`: every figure that docs/benchmarks.md names, in one run, on the machine at hand. Builds nothing (the
 * bootstrap did), starts what it measures, and leaves nothing running. Exit code 0 also where a goal is missed: a
 * benchmark reports, it does not judge.
 */
import { parseArgs } from 'node:util';
import { BROKER_FULL, BROKER_QUICK, runBrokerBench } from './broker-bench.js';
import { CLUSTER_FULL, CLUSTER_QUICK, runClusterBench } from './cluster/cluster-bench.js';
import { figureLine, type Figure } from './figure.js';
import { machineLine, writeFigures } from './record.js';
import { runStackBench, STACK_FULL, STACK_QUICK } from './stack/stack-bench.js';

const USAGE = `npm run bench -- [--only broker|cluster|stack] [--quick] [--write]
  --only   one part of the figures
  --quick  fewer rounds and shorter ones, for a first look
  --write  put the figures into docs/benchmarks.md
`;

function readArguments(): { only: string; quick: boolean; write: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: '' },
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
      },
    });
    if (!['', 'broker', 'cluster', 'stack'].includes(values.only))
      throw new Error(`there is no '${values.only}'`);
    return values;
  } catch (cause) {
    process.stderr.write(`bench: ${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
    process.exit(2);
  }
}

const { only, quick, write } = readArguments();
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const figures: Figure[] = [];
const report = (measured: readonly Figure[]): void => {
  for (const figure of measured) process.stdout.write(`${figureLine(figure)}\n`);
  figures.push(...measured);
};

say(machineLine());
const isWanted = (part: string): boolean => only === '' || only === part;
if (isWanted('broker')) report(await runBrokerBench(quick ? BROKER_QUICK : BROKER_FULL, say));
if (isWanted('cluster')) report(await runClusterBench(quick ? CLUSTER_QUICK : CLUSTER_FULL, say));
if (isWanted('stack')) report(await runStackBench(quick ? STACK_QUICK : STACK_FULL, say));
if (write) await writeFigures(figures);
