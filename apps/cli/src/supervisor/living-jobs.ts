/**
 * Jobs that run on this machine, as their folders tell: a claim without an exit record, whose process (known by
 * pid, start time and boot id) lives. Read by `down`, which names them, and `up --fresh`, which refuses. Writes only
 * cancel requests. When in doubt a job counts as alive, because `--fresh` removes its folder.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { ProcessIdentity } from '@tidemark/platform';
import { nodeProcesses } from '@tidemark/platform/node';
import type { Home } from '../stack/home.js';

export interface LivingJob {
  readonly token: string;
  readonly experimentId: string;
  readonly directory: string;
  /** Of the wrapper that claimed the job; nothing while it has not said. */
  readonly pid: number | undefined;
}

const RECORDS = '.tidemark-job';
/** A claim this young may belong to a wrapper that has not written `started.json` yet. */
const CLAIM_SETTLES_MS = 60_000;

export function livingJobs(home: Home): LivingJob[] {
  return list(home.jobsDirectory).flatMap((token) => {
    const directory = path.join(home.jobsDirectory, token);
    const found = examine(directory);
    return found === undefined ? [] : [{ token, experimentId: experimentOf(token), directory, ...found }];
  });
}

/** Asks the job's wrapper to end it, as the Application Manager does; for when there is none to ask. */
export function requestCancel(job: LivingJob): void {
  fs.writeFileSync(path.join(job.directory, RECORDS, 'cancel'), '');
}

/** `job-<id>-<process>-<attempt>` */
function experimentOf(token: string): string {
  return `exp_${token.split('-')[1] ?? ''}`;
}

/** Nothing when the job does not run. */
function examine(directory: string): Pick<LivingJob, 'pid'> | undefined {
  const records = path.join(directory, RECORDS);
  const claimedAt = modifiedAt(path.join(records, 'claim'));
  const hasEnded = ['exit.json', 'lost'].some((name) => fs.existsSync(path.join(records, name)));
  if (claimedAt === undefined || hasEnded) return undefined;
  const owner = readJson(path.join(records, 'claim', 'owner'));
  // A manager made the claim so that nobody can: the job never ran and never will.
  if (owner?.revokedBy !== undefined) return undefined;
  const started = readJson(path.join(records, 'started.json'));
  if (owner === undefined && started === undefined) {
    return Date.now() - claimedAt < CLAIM_SETTLES_MS ? { pid: undefined } : undefined;
  }
  const bootId = String(started?.bootId ?? owner?.bootId);
  const isAlive = [
    identityOf(owner?.pid, owner?.startTime, bootId),
    identityOf(started?.pid, started?.startTime, bootId),
    identityOf(started?.childPid, started?.childStartTime, bootId),
  ].some((identity) => nodeProcesses.isAlive(identity));
  const pid = Number(started?.pid ?? owner?.pid);
  return isAlive || isGroupAlive(Number(started?.childGroup), bootId) ? { pid } : undefined;
}

function identityOf(pid: unknown, startTime: unknown, bootId: string): ProcessIdentity {
  return { pid: Number(pid), startTime: Number(startTime), bootId };
}

/** The job itself leads a group of its own and may outlive its wrapper. */
function isGroupAlive(group: number, bootId: string): boolean {
  if (!Number.isInteger(group) || group <= 1) return false;
  if (nodeProcesses.identify(process.pid)?.bootId !== bootId) return false;
  try {
    process.kill(-group, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function modifiedAt(file: string): number | undefined {
  try {
    return fs.statSync(file).mtimeMs;
  } catch {
    return undefined;
  }
}

function readJson(file: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
