/**
 * One living process as the supervisor sees it, whether it started it (`spawnChild`) or found it running
 * (`adoptChild`). It is known by pid, start time and boot id, so a signal never reaches a stranger who got the pid.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { assert, type ProcessIdentity } from '@tidemark/platform';
import { nodeProcesses } from '@tidemark/platform/node';
import type { ProcessPlan } from './process-plan.js';

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface Child {
  /** Nothing when it was gone before it could be looked at. */
  readonly identity: ProcessIdentity | undefined;
  readonly exited: Promise<Exit>;
  /** False when it is gone. */
  signal(signal: NodeJS.Signals): boolean;
}

const WATCH_EVERY_MS = 200;

/** Starts the plan's program in a session of its own, its output appended to `logPath`. Rejects when it cannot. */
export async function spawnChild(plan: ProcessPlan, logPath: string): Promise<Child> {
  const log = fs.openSync(logPath, 'a', 0o600);
  try {
    const child = spawn(plan.file, plan.args, {
      cwd: plan.directory,
      env: { ...plan.environment, ...plan.environmentNow?.() },
      stdio: ['ignore', log, log],
      detached: true,
      ...(plan.user ?? {}),
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', resolve);
    });
    child.unref();
    return handleOf(nodeProcesses.identify(child.pid ?? 0), exited);
  } finally {
    fs.closeSync(log);
  }
}

/** A process that somebody else started: its end is noticed by looking, and how it ended stays unknown. */
export function adoptChild(identity: ProcessIdentity): Child {
  const exited = new Promise<Exit>((resolve) => {
    const watch = setInterval(() => {
      if (nodeProcesses.isAlive(identity)) return;
      clearInterval(watch);
      resolve({ exitCode: null, signal: null });
    }, WATCH_EVERY_MS);
    watch.unref();
  });
  return handleOf(identity, exited);
}

function handleOf(identity: ProcessIdentity | undefined, exited: Promise<Exit>): Child {
  return {
    identity,
    exited,
    signal: (signal) => identity !== undefined && signalIdentity(identity, signal),
  };
}

/** Signals this very process; false when it is gone. */
export function signalIdentity(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!nodeProcesses.isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw cause;
  }
}

/** Who this process is. */
export function ownIdentity(): ProcessIdentity {
  const identity = nodeProcesses.identify(process.pid);
  assert(identity !== undefined, 'this process has no identity');
  return identity;
}
