/** `tidemark up`: the whole stack in one command, in the foreground or left behind (`--detach`). */
import { pc } from '../../console/colors.js';
import type { Command } from 'commander';
import type { Console } from '../../console/console.js';
import { Fault } from '../../console/fault.js';
import { homeFromEnvironment, type Home } from '../../stack/home.js';
import { readSettings, SETTINGS } from '../../stack/settings.js';
import { startDetached } from '../../supervisor/detach.js';
import type { DetachedOrder } from '../../supervisor/main.js';
import type { ProcessRow } from '../../supervisor/process-plan.js';
import { raiseStack } from '../../supervisor/raise.js';
import { command } from '../command.js';
import { frontDoorOf, printStack } from './stack-summary.js';
import { welcome, type FirstExperiment } from './welcome.js';

interface UpOptions {
  readonly detach?: boolean;
  readonly fresh?: boolean;
  readonly brokersOnly?: boolean;
}

/** npm passes the terminal's Ctrl-C on, so that one key press arrives twice within moments. */
const SAME_KEY_PRESS_MS = 500;

export function upCommand(): Command {
  const up = command<UpOptions>('up', 'start the stack', async ({ options, console }) => {
    const home = homeFromEnvironment();
    const order = {
      settings: readSettings(options as Readonly<Record<string, unknown>>),
      fresh: options.fresh === true,
      brokersOnly: options.brokersOnly === true,
    };
    if (options.detach === true) await upDetached(home, order, console);
    else await upInForeground(home, order, console);
  })
    .option('--detach', 'leave the stack running and return when it is ready')
    .option('--fresh', 'throw the history of this home away first')
    .option(
      '--brokers-only',
      'start the brokers and nothing else, to mend what keeps the others from starting',
    );
  for (const setting of SETTINGS) {
    up.option(`${setting.flag} <n>`, `${setting.meaning} (${setting.variable}, default ${setting.fallback})`);
  }
  return up;
}

async function upDetached(home: Home, order: DetachedOrder, console: Console): Promise<void> {
  const report = reporter(console);
  const rows = await startDetached(home, order, report);
  const first = order.brokersOnly ? undefined : await firstExperiment(home, console, report);
  present(home, rows, first, console);
}

async function upInForeground(home: Home, order: DetachedOrder, console: Console): Promise<void> {
  const report = reporter(console);
  const interrupt = new AbortController();
  let killAll = (): void => undefined;
  let firstAt = 0;
  const onSignal = (): void => {
    if (firstAt === 0) {
      firstAt = Date.now();
      report('going down; once more to kill');
      interrupt.abort();
    } else if (Date.now() - firstAt > SAME_KEY_PRESS_MS) {
      killAll();
      process.exit(130);
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const stack = await raiseStack({ home, ...order, report, interrupt: interrupt.signal });
  killAll = () => stack.killAll();
  try {
    const first = order.brokersOnly ? undefined : await firstExperiment(home, console, report);
    present(home, stack.list(), first, console);
    console.line(pc.dim('Ctrl-C takes the stack down; running jobs go on.'));
  } catch (cause) {
    if (!interrupt.signal.aborted) report(cause instanceof Error ? cause.message : String(cause));
  }
  await stack.gone;
  report('the stack is down');
}

function reporter(console: Console): (line: string) => void {
  const begun = Date.now();
  return (line) =>
    console.progress(`${pc.dim(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s`)}  ${line}`);
}

/** The stack is up whatever becomes of it; but a first experiment that fails is a fault. */
async function firstExperiment(
  home: Home,
  console: Console,
  report: (line: string) => void,
): Promise<FirstExperiment | undefined> {
  try {
    return await welcome(home, report);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault(`the stack is up, but its first experiment failed: ${reason}`);
  }
}

function present(
  home: Home,
  rows: readonly ProcessRow[],
  first: FirstExperiment | undefined,
  console: Console,
): void {
  printStack(home, rows, first, console);
  console.document({
    home: home.root,
    url: frontDoorOf(rows),
    apiKeyFile: home.apiKeyPath,
    logs: home.logsDirectory,
    processes: rows,
    firstExperiment: first?.experiment ?? null,
  });
}
