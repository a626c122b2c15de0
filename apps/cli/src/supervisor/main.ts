/**
 * Entry of the detached supervisor, started by `tidemark up --detach` in a session of its own. Told by one
 * argument (JSON: settings, fresh, brokersOnly) and TIDEMARK_HOME; tells its parent over the IPC channel how the start goes and
 * goes on when the parent has left. SIGTERM takes the stack down and exits 0.
 */
import { Fault, reasonOf } from '../console/fault.js';
import { homeFromEnvironment } from '../stack/home.js';
import type { StackSettings } from '../stack/settings.js';
import type { ProcessRow } from './process-plan.js';
import { raiseStack } from './raise.js';

export interface DetachedOrder {
  readonly settings: StackSettings;
  readonly fresh: boolean;
  readonly brokersOnly: boolean;
}

/** What the parent hears, in this order: lines, then one of the other two. */
export type StartNews =
  | { readonly line: string }
  | { readonly ready: readonly ProcessRow[] }
  | { readonly fault: string; readonly exitCode: number; readonly detail: readonly string[] };

function tellParent(news: StartNews): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(news, undefined, {}, () => resolve());
  });
}

async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '{}') as DetachedOrder;
  const interrupt = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => interrupt.abort());
  const stack = await raiseStack({
    home: homeFromEnvironment(),
    ...order,
    interrupt: interrupt.signal,
    report: (line) => {
      process.stdout.write(`${new Date().toISOString()} ${line}\n`);
      void tellParent({ line });
    },
  });
  await tellParent({ ready: stack.list() });
  await stack.gone;
  process.exit(0);
}

main().catch(async (cause: unknown) => {
  const fault = cause instanceof Fault ? cause : new Fault(reasonOf(cause));
  process.stdout.write(`${new Date().toISOString()} ${fault.message}\n`);
  await tellParent({ fault: fault.message, exitCode: fault.exitCode, detail: fault.detail });
  process.exit(fault.exitCode);
});
