/** `tidemark ps`: every process of the stack with its state, also when no supervisor is there to ask. */
import type { Command } from 'commander';
import { Fault } from '../../console/fault.js';
import { homeFromEnvironment, type Home } from '../../stack/home.js';
import { findSupervisor, listProcesses } from '../../supervisor/control-client.js';
import type { ProcessRow } from '../../supervisor/process-plan.js';
import { livingProcesses, readState } from '../../supervisor/state-file.js';
import { command } from '../command.js';
import { processTable } from './stack-summary.js';

export function psCommand(): Command {
  return command('ps', 'list the processes of the stack', async ({ console }) => {
    const home = homeFromEnvironment();
    const supervisor = findSupervisor(home);
    const rows = supervisor === undefined ? unsupervised(home) : await listProcesses(supervisor);
    console.line(processTable(rows));
    if (supervisor === undefined && rows.some((row) => row.state === 'running')) {
      console.progress('no supervisor is running: "tidemark up" takes these processes over');
    }
    console.document(rows);
  });
}

function unsupervised(home: Home): ProcessRow[] {
  const state = readState(home);
  if (state === undefined) throw new Fault(`no stack in ${home.root}: start one with "tidemark up"`);
  const living = new Set(livingProcesses(state).map((process) => process.name));
  return state.processes.map(({ name, kind, identity, address }) =>
    living.has(name)
      ? { name, kind, pid: identity?.pid ?? null, state: 'running', address }
      : { name, kind, pid: null, state: 'stopped', address: null },
  );
}
