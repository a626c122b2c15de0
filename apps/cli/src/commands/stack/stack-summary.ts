/** What people see of a running stack: the table of processes, where things are, and what to try next. */
import { pc } from '../../console/colors.js';
import { paintState, type Console } from '../../console/console.js';
import { renderTable } from '../../console/table.js';
import type { Home } from '../../stack/home.js';
import type { ProcessRow } from '../../supervisor/process-plan.js';
import type { FirstExperiment } from './welcome.js';

export function frontDoorOf(rows: readonly ProcessRow[]): string | null {
  return rows.find((row) => row.kind === 'front-door')?.address ?? null;
}

export function processTable(rows: readonly ProcessRow[]): string {
  return renderTable(
    ['NAME', 'STATE', 'PID', 'ADDRESS'],
    rows.map((row) => [row.name, paintState(row.state), row.pid?.toString() ?? '-', row.address ?? '-']),
  );
}

export function printStack(
  home: Home,
  rows: readonly ProcessRow[],
  first: FirstExperiment | undefined,
  console: Console,
): void {
  console.line();
  console.line(processTable(rows));
  console.line();
  const frontDoor = frontDoorOf(rows);
  if (frontDoor === null) console.line(pc.bold('Only the brokers are up.'));
  else {
    console.line(`${pc.bold('Tidemark is up:')} ${frontDoor}`);
    console.line(`  API key   ${home.apiKeyPath}`);
  }
  console.line(`  logs      ${home.logsDirectory}`);
  if (first !== undefined) printFirstExperiment(first, console);
  console.line();
}

function printFirstExperiment({ experiment, stdout }: FirstExperiment, console: Console): void {
  console.line();
  console.line(pc.bold(`The first experiment (${experiment.name}): ${paintState(experiment.status)}`));
  for (const line of stdout.split('\n').slice(0, 8)) if (line !== '') console.line(`  ${line}`);
  console.line();
  console.line('Look into it:');
  for (const [words, meaning] of [
    [`experiments ${experiment.id}`, 'what became of it'],
    [`events ${experiment.id}`, 'every fact about it, with its offset in the log'],
    [`output ${experiment.id}`, 'what it printed'],
    ['submit word-count -f text=README.md --wait', 'run one of your own'],
    ['kill broker-2', 'and watch nothing be lost: brokers, ps, start broker-2'],
    ['registry brokers/ids --watch', 'who is in the cluster, and who leaves it'],
  ] as const) {
    console.line(`  npx tidemark ${words.padEnd(44)} ${pc.dim(meaning)}`);
  }
}
