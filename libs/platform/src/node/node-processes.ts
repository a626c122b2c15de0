/**
 * Processes of the machine: starting, recognising and signalling them. Holds no state; a started child is known
 * to the caller alone.
 */
import { spawn as spawnProcess } from 'node:child_process';
import fs from 'node:fs';
import {
  ProcessError,
  type ChildProcess,
  type ProcessErrorCode,
  type ProcessIdentity,
  type Processes,
  type SpawnOptions,
} from '../processes.js';
import { identifyProcess, isSameProcessAlive } from './process-identity.js';

const CODES: Readonly<Record<string, ProcessErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  EAGAIN: 'no-resources',
  ENOMEM: 'no-resources',
  EMFILE: 'no-resources',
  ENFILE: 'no-resources',
};

type Exit = Awaited<ChildProcess['exited']>;

export const nodeProcesses: Processes = {
  async spawn(file: string, args: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
    const outputs: number[] = [];
    try {
      const stdout = openOutput(options.stdoutPath, outputs);
      const stderr =
        options.stderrPath === options.stdoutPath ? stdout : openOutput(options.stderrPath, outputs);
      return await start(file, args, options, ['ignore', stdout, stderr]);
    } catch (cause) {
      throw toProcessError(file, cause);
    } finally {
      for (const descriptor of outputs) fs.closeSync(descriptor);
    }
  },
  identify: identifyProcess,
  isAlive: (identity: ProcessIdentity) => isSameProcessAlive(identity),
  descriptorsMax(): number | undefined {
    try {
      const [, soft] = /^Max open files\s+(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8')) ?? [];
      return soft === undefined ? undefined : Number(soft);
    } catch {
      return undefined;
    }
  },
  signal(pid: number, signal): boolean {
    try {
      return process.kill(pid, signal);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw toProcessError(`signal ${signal} to ${pid}`, cause);
    }
  },
};

function openOutput(path: string | undefined, opened: number[]): number | 'ignore' {
  if (path === undefined) return 'ignore';
  const descriptor = fs.openSync(path, 'a', 0o644);
  opened.push(descriptor);
  return descriptor;
}

function start(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  stdio: ('ignore' | number)[],
): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawnProcess(file, args, {
      cwd: options.directory,
      env: { ...options.environment },
      stdio,
      detached: options.detached,
      shell: false,
      windowsHide: true,
    });
    const exited = new Promise<Exit>((settle) => {
      child.once('exit', (exitCode, signal) => settle({ exitCode, signal }));
    });
    child.once('error', reject);
    child.once('spawn', () => {
      if (options.detached) child.unref();
      resolve({ pid: child.pid ?? 0, exited });
    });
  });
}

function toProcessError(what: string, cause: unknown): ProcessError {
  const system = cause as NodeJS.ErrnoException;
  return new ProcessError(CODES[system.code ?? ''] ?? 'io', `${what}: ${system.message}`, { cause });
}
