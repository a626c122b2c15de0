/**
 * Server processes for a benchmark: the broker as a user starts it, in a directory of its own, and the bare server.
 * Each is ready when the promise resolves and gone when `stop` does; its directory goes with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@tidemark/platform';

export interface ServerProcess {
  readonly address: Address;
  readonly pid: number;
  /** Resident memory, bytes. */
  rss(): number;
  stop(): Promise<void>;
}

const REPOSITORY = new URL('../../', import.meta.url).pathname;

function rssOf(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** Waits for the first line on stdout that `accept` makes something of. */
function firstLine<T>(child: ChildProcess, accept: (line: string) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', (code) => reject(new Error(`server ended with ${code}: ${text}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (const line of text.split('\n').slice(0, -1)) {
        const found = accept(line);
        if (found !== undefined) resolve(found);
      }
      text = text.slice(text.lastIndexOf('\n') + 1);
    });
  });
}

function serverOf(child: ChildProcess, port: number, directory: string): ServerProcess {
  const pid = child.pid ?? 0;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    address: { host: '127.0.0.1', port },
    pid,
    rss: () => rssOf(pid),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** `directory`: where the server's data directory is made. */
export async function startBroker(
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const data = mkdtempSync(join(directory, 'tidemark-bench-'));
  const child = spawn(process.execPath, [join(REPOSITORY, 'apps/broker/dist/main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TIDEMARK_CLUSTER_ID: 'bench',
      TIDEMARK_DATA: data,
      TIDEMARK_LISTEN: '127.0.0.1:0',
      TIDEMARK_ADMIN_LISTEN: '127.0.0.1:0',
      ...settings,
    },
  });
  const port = await firstLine(child, (line) => {
    const { msg, kafka } = JSON.parse(line) as { msg: string; kafka?: Address };
    return msg === 'broker is ready' ? kafka?.port : undefined;
  });
  return serverOf(child, port, data);
}

/** With `followers`, one that forwards to them. */
export async function startBareServer(
  directory: string,
  followers: readonly ServerProcess[] = [],
): Promise<ServerProcess> {
  const data = mkdtempSync(join(directory, 'tidemark-bare-'));
  const program = new URL('./bare-server.js', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [program, join(data, 'log'), ...followers.map(({ address }) => String(address.port))],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const port = await firstLine(child, (line) => (JSON.parse(line) as { port: number }).port);
  return serverOf(child, port, data);
}
