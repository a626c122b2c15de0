/** `tidemark kill NAME`: kills on purpose, so that the supervisor leaves the process down until `start`. */
import { constants } from 'node:os';
import type { Command } from 'commander';
import { Fault } from '../../console/fault.js';
import { homeFromEnvironment } from '../../stack/home.js';
import { signalIdentity } from '../../supervisor/child.js';
import { findSupervisor, killProcess } from '../../supervisor/control-client.js';
import { livingProcesses, readState } from '../../supervisor/state-file.js';
import { command } from '../command.js';

interface KillOptions {
  readonly signal: string;
}

export function killCommand(): Command {
  return command<KillOptions>('kill <name>', 'kill a process of the stack', async (call) => {
    const name = call.arguments[0] ?? '';
    const signal = signalNamed(call.options.signal);
    const home = homeFromEnvironment();
    const supervisor = findSupervisor(home);
    if (supervisor !== undefined) await killProcess(supervisor, name, signal);
    else {
      const living = livingProcesses(readState(home)).find((process) => process.name === name);
      if (living === undefined || !signalIdentity(living.identity, signal)) {
        throw new Fault(`there is no running process '${name}' in ${home.root}`);
      }
    }
    call.console.line(`sent ${signal} to ${name}`);
    call.console.document({ name, signal });
  }).option('--signal <signal>', 'KILL, TERM, STOP, CONT, …', 'KILL');
}

/** `9`, `KILL`, `sigkill` -> `SIGKILL`. */
export function signalNamed(text: string): NodeJS.Signals {
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === text)?.[0];
  const name = byNumber ?? `SIG${text.toUpperCase().replace(/^SIG/, '')}`;
  if (!(name in constants.signals)) throw new Fault(`there is no signal '${text}'`);
  return name as NodeJS.Signals;
}
