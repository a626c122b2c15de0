/** `tidemark start NAME`: brings back what was killed on purpose. */
import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../console/fault.js';
import { homeFromEnvironment } from '../../stack/home.js';
import { findSupervisor, listProcesses, startProcess } from '../../supervisor/control-client.js';
import { command } from '../command.js';

const READY_BOUND_MS = 120_000;

export function startCommand(): Command {
  return command('start <name>', 'start a process that was killed', async (call) => {
    const name = call.arguments[0] ?? '';
    const supervisor = findSupervisor(homeFromEnvironment());
    if (supervisor === undefined) throw new Fault('no supervisor is running: "tidemark up" starts one');
    await startProcess(supervisor, name);
    const deadline = Date.now() + READY_BOUND_MS;
    for (;;) {
      const row = (await listProcesses(supervisor)).find((process) => process.name === name);
      if (row?.state === 'running') {
        call.console.line(`${name} is running (pid ${row.pid})`);
        call.console.document(row);
        return;
      }
      if (row?.state === 'failed' || row?.state === 'killed' || Date.now() > deadline) {
        throw new Fault(`${name} does not get ready (${row?.state}): see "tidemark logs ${name}"`);
      }
      await delay(100);
    }
  });
}
