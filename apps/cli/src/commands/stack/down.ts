/**
 * `tidemark down`: ends every process of the stack, with or without a supervisor. Running jobs go on and are named;
 * `--cancel-jobs` cancels them first and waits until they are gone.
 */
import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeProcesses } from '@tidemark/platform/node';
import { Fault } from '../../console/fault.js';
import { homeFromEnvironment, type Home } from '../../stack/home.js';
import { findSupervisor, listProcesses, requestDown } from '../../supervisor/control-client.js';
import { livingJobs } from '../../supervisor/living-jobs.js';
import { livingProcesses, readState } from '../../supervisor/state-file.js';
import { endProcesses } from '../../supervisor/supervisor.js';
import { command } from '../command.js';
import { cancelJobs } from './cancel-jobs.js';

interface DownOptions {
  readonly cancelJobs?: boolean;
}

type Report = (line: string) => void;

/** Longer than all stop bounds together. */
const DOWN_BOUND_MS = 90_000;

export function downCommand(): Command {
  return command<DownOptions>('down', 'end every process of the stack', async ({ options, console }) => {
    const home = homeFromEnvironment();
    const report = (line: string): void => console.progress(line);
    const hadStack = findSupervisor(home) !== undefined || livingProcesses(readState(home)).length > 0;
    const canceled = options.cancelJobs === true ? await cancelJobs(home, report) : [];
    await endStack(home, report);
    const jobs = livingJobs(home);
    console.line(hadStack ? 'the stack is down' : `no stack was running in ${home.root}`);
    for (const { token, experimentId, pid } of jobs) {
      console.line(
        `${experimentId} goes on as ${token} (pid ${pid ?? 'unknown'}); the next "up" takes it over`,
      );
    }
    console.document({
      down: true,
      canceled,
      jobsRunning: jobs.map(({ token, experimentId, pid }) => ({ token, experimentId, pid: pid ?? null })),
    });
  }).option('--cancel-jobs', 'cancel what was launched first and wait until the jobs are gone');
}

async function endStack(home: Home, report: Report): Promise<void> {
  const supervisor = findSupervisor(home);
  if (supervisor !== undefined) {
    await requestDown(supervisor);
    const deadline = Date.now() + DOWN_BOUND_MS;
    const ended = new Set<string>();
    while (nodeProcesses.isAlive(supervisor)) {
      if (Date.now() > deadline) throw new Fault(`the supervisor (pid ${supervisor.pid}) does not end`);
      for (const row of await listProcesses(supervisor).catch(() => [])) {
        if (row.state !== 'stopped' || ended.has(row.name)) continue;
        ended.add(row.name);
        report(`${row.name}: stopped`);
      }
      await delay(100);
    }
  }
  // What a killed supervisor left, or what it could not end.
  await endProcesses(home, livingProcesses(readState(home)), report);
}
