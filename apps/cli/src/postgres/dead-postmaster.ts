/**
 * After a kill -9 of postgres: waits until its orphaned backends are gone, and removes a `postmaster.pid` whose
 * pid now belongs to a stranger, for which PostgreSQL would refuse to start for ever. A file of a dead pid is left:
 * PostgreSQL clears it itself, after checking shared memory as it should.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeProcesses } from '@tidemark/platform/node';

const ORPHANS_GONE_BOUND_MS = 5_000;

/** To be called when no postmaster of this data directory is supervised, that is before each start. */
export async function clearDeadPostmaster(dataDirectory: string): Promise<void> {
  const deadline = Date.now() + ORPHANS_GONE_BOUND_MS;
  let orphans = processesIn(dataDirectory);
  while (orphans.length > 0) {
    if (Date.now() > deadline) for (const pid of orphans) nodeProcesses.signal(pid, 'SIGKILL');
    await delay(50);
    orphans = processesIn(dataDirectory);
  }
  const file = path.join(dataDirectory, 'postmaster.pid');
  const pid = readPid(file);
  // No process works in the data directory any more (every PostgreSQL process does), so whoever has the pid is
  // not a postmaster of ours.
  if (pid !== undefined && canTellWorkingDirectories() && nodeProcesses.identify(pid) !== undefined) {
    fs.rmSync(file, { force: true });
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(fs.readFileSync(file, 'utf8'), 10);
    return Number.isInteger(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function canTellWorkingDirectories(): boolean {
  return fs.existsSync('/proc/self/cwd');
}

/** Processes whose working directory is this one: PostgreSQL's all have their data directory. Linux only. */
function processesIn(directory: string): number[] {
  if (!canTellWorkingDirectories()) return [];
  const real = fs.realpathSync(directory);
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return fs.readlinkSync(`/proc/${pid}/cwd`) === real && nodeProcesses.identify(pid) !== undefined;
      } catch {
        return false;
      }
    });
}
