/**
 * Starts the detached supervisor and listens to how its start goes. Resolves once the stack is ready, when the
 * caller may leave; the supervisor's own output goes to `<home>/logs/supervisor.log`.
 */
import { fork } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Fault } from '../console/fault.js';
import { logPathOf, prepareHome, type Home } from '../stack/home.js';
import { tailOf } from './log-file.js';
import type { DetachedOrder, StartNews } from './main.js';
import type { ProcessRow } from './process-plan.js';
import type { Report } from './supervisor.js';

const LOG_TAIL_LINES = 10;

/** Rejects with the supervisor's own `Fault`. Ctrl-C while it starts takes it down again. */
export function startDetached(
  home: Home,
  order: DetachedOrder,
  report: Report,
): Promise<readonly ProcessRow[]> {
  prepareHome(home);
  const logPath = logPathOf(home, 'supervisor');
  const log = fs.openSync(logPath, 'a', 0o600);
  const program = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = fork(program, [JSON.stringify(order)], {
    detached: true,
    cwd: '/',
    env: { ...process.env, TIDEMARK_HOME: home.root },
    stdio: ['ignore', log, log, 'ipc'],
  });
  fs.closeSync(log);
  const interrupt = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', interrupt);
  return new Promise<readonly ProcessRow[]>((resolve, reject) => {
    child.on('message', (news: StartNews) => {
      if ('line' in news) report(news.line);
      else if ('ready' in news) resolve(news.ready);
      else reject(new Fault(news.fault, news.exitCode, news.detail));
    });
    child.once('error', (cause) =>
      reject(new Fault(`the supervisor could not be started: ${cause.message}`)),
    );
    child.once('exit', (code, signal) => {
      const how = signal ?? `code ${String(code)}`;
      reject(new Fault(`the supervisor ended (${how}); log: ${logPath}`, 1, tailOf(logPath, LOG_TAIL_LINES)));
    });
  }).finally(() => {
    process.off('SIGINT', interrupt);
    if (child.connected) child.disconnect();
    child.unref();
  });
}
