/**
 * Real jobs in a temporary folder for specs: the local transport, the fork launcher and the wrapper as they are, plus
 * ways to wait for what must happen and to look for processes that must be gone.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeClock, nodeDisk, nodeFileTree, nodeProcesses } from '@tidemark/platform/node';
import { ForkLauncher, type ForkLauncherOptions } from '../launchers/fork-launcher.js';
import { LocalTransport } from '../launchers/local-transport.js';

export const WRAPPER_PATH = fileURLToPath(new URL('../../wrapper/tidemark-job.sh', import.meta.url));
export const COMMAND_PATH = '/usr/local/bin:/usr/bin:/bin';

export interface RealJobs {
  readonly directory: string;
  readonly transport: LocalTransport;
  /** A manager of its own: it knows nothing of what another one has started. */
  launcher(options?: Partial<ForkLauncherOptions>): ForkLauncher;
  file(token: string, name: string): string;
  readRecord(token: string, name: string): Record<string, unknown> | undefined;
  /** Ends whatever still runs and removes the folder. */
  close(): void;
}

export function realJobs(): RealJobs {
  const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-jobs-')));
  const transport = new LocalTransport({
    disk: nodeDisk,
    files: nodeFileTree,
    processes: nodeProcesses,
    jobsDirectory: directory,
    wrapperPath: WRAPPER_PATH,
    commandPath: COMMAND_PATH,
  });
  const file = (token: string, name: string): string => path.join(directory, token, '.tidemark-job', name);
  return {
    directory,
    transport,
    file,
    launcher: (options = {}) =>
      new ForkLauncher({
        transport,
        clock: nodeClock,
        graceS: 1,
        streamBytesMax: 1_000_000,
        fileBytesMax: 0,
        ...options,
      }),
    readRecord: (token, name) => {
      try {
        return JSON.parse(fs.readFileSync(file(token, name), 'utf8')) as Record<string, unknown>;
      } catch {
        return undefined;
      }
    },
    close: () => {
      for (const token of fs.readdirSync(directory).filter(isToken))
        for (const pid of everythingOf(token)) kill(pid);
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What is looked for in strangers' command lines must be a token of ours and nothing shorter or commoner. */
export function isToken(name: string): boolean {
  return /^job-[a-z0-9]{8,}-\d+-\d+$/.test(name);
}

/** Living processes of the job itself: the token is in their environment. */
export function processesOf(token: string): number[] {
  return living().filter((pid) =>
    `\0${readProc(pid, 'environ')}`.includes(`\0TIDEMARK_JOB_TOKEN=${token}\0`),
  );
}

/** The job's processes, its wrapper, and the wrapper's own helpers, which end within a second of it. */
export function everythingOf(token: string): number[] {
  if (!isToken(token)) throw new Error(`not a token: ${token}`);
  return living().filter((pid) => (readProc(pid, 'environ') + readProc(pid, 'cmdline')).includes(token));
}

function living(): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = readProc(pid, 'stat');
      return stat !== '' && !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
    });
}

function readProc(pid: number, name: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`not a process of ours: ${pid}`);
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** Waits until `ask` answers something other than undefined and false. */
export async function eventually<T>(
  what: string | (() => string),
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline)
      throw new Error(`not within ${patienceMs} ms: ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
