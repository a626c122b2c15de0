/** A real PostgreSQL of a home: its databases, its crashes, and the folders that it may and may not touch. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { Home } from '../stack/home.js';
import { tryPort } from '../stack/ports.js';
import type { ProcessPlan, ProcessRow } from '../supervisor/process-plan.js';
import { planPostgres } from '../supervisor/stack-plan.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { makeHome, NO_PORTS, removeHome, until } from '../supervisor/testing/fake-stack.js';
import { isReachableByAll, placeOf, preparePlace, removePlace } from './cluster-place.js';
import { openCluster, type Cluster } from './cluster.js';
import { databaseUrl } from './databases.js';
import { findPrograms } from './programs.js';
import { findRunUser } from './run-user.js';

const DATABASES = ['metadata-server-1', 'metadata-server-2'];

// Real processes on a machine that may be busy.
jest.setTimeout(90_000);

describe('postgres-1', () => {
  let home: Home;
  let supervisor: Supervisor | undefined;
  let port: number;

  beforeEach(async () => {
    home = makeHome();
    port = Number(await tryPort(0));
  });

  afterEach(async () => {
    await supervisor?.shutDown();
    supervisor = undefined;
    removePlace(placeOf(home, findRunUser()));
    removeHome(home);
  });

  const plan = (cluster: Cluster): ProcessPlan => planPostgres(cluster, port, DATABASES);
  const bringUp = async (cluster: Cluster): Promise<Supervisor> => {
    supervisor = new Supervisor(home, NO_PORTS, [plan(cluster)], () => undefined);
    await supervisor.bringUp();
    return supervisor;
  };
  const rowOf = (running: Supervisor): ProcessRow => {
    const row = running.list()[0];
    if (row === undefined) throw new Error('no row');
    return row;
  };
  const query = async (cluster: Cluster, database: string, text: string): Promise<unknown[]> => {
    const client = new pg.Client({
      connectionString: databaseUrl({ port, password: cluster.password }, database),
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  it('gives each replica a database of its own, behind a password', async () => {
    const cluster = openCluster(home);
    await bringUp(cluster);
    await query(cluster, 'metadata-server-1', 'CREATE TABLE one (id int)');
    await expect(query(cluster, 'metadata-server-2', 'SELECT * FROM one')).rejects.toThrow('does not exist');
    await expect(query({ ...cluster, password: 'guessed' }, 'metadata-server-1', 'SELECT 1')).rejects.toThrow(
      'password authentication failed',
    );
    expect(fs.statSync(home.postgresPasswordPath).mode & 0o077).toBe(0);
  });

  it('comes back with its data after kill -9, though its pid file stayed and its pid went to a stranger', async () => {
    const cluster = openCluster(home);
    const running = await bringUp(cluster);
    await query(cluster, 'metadata-server-1', 'CREATE TABLE kept AS SELECT 42 AS answer');
    // Commits are not flushed one by one: what the crash may not take must be flushed first.
    await query(cluster, 'metadata-server-1', 'CHECKPOINT');
    const { pid } = rowOf(running);
    running.kill('postgres-1', 'SIGKILL');
    await until(
      () => rowOf(running).state,
      (state) => state === 'killed',
    );
    const pidFile = path.join(cluster.place.dataDirectory, 'postmaster.pid');
    const content = fs.readFileSync(pidFile, 'utf8');
    fs.writeFileSync(pidFile, content.replace(String(pid), String(process.ppid)));
    running.start('postgres-1');
    await until(
      () => rowOf(running),
      (row) => row.state === 'running' && row.pid !== pid,
      30_000,
    );
    expect(await query(cluster, 'metadata-server-1', 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('is made anew when the password of the home is lost', async () => {
    const cluster = openCluster(home);
    const running = await bringUp(cluster);
    await running.shutDown();
    fs.rmSync(home.postgresPasswordPath);
    const next = openCluster(home);
    expect(next.password).not.toBe(cluster.password);
    await bringUp(next);
    expect(await query(next, 'metadata-server-1', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('never changes the mode of a folder that it did not make', async () => {
    fs.chmodSync(home.root, 0o700);
    await bringUp(openCluster(home));
    expect(fs.statSync(home.root).mode & 0o777).toBe(0o700);
  });

  it('sweeps away what it made for a home that is no more', () => {
    const [gone, kept] = [makeHome(), makeHome()];
    const places = [gone, kept].map((one) => openCluster(one).place);
    removeHome(gone);
    openCluster(home);
    expect(places.map((place) => fs.existsSync(place.folder))).toEqual([false, true]);
    removePlace(placeOf(kept, findRunUser()));
    removeHome(kept);
  });

  it("refuses a place that is somebody else's to write", () => {
    const user = findRunUser();
    const place = placeOf(home, user);
    fs.mkdirSync(place.folder, { recursive: true });
    fs.chmodSync(place.folder, 0o777);
    expect(() => preparePlace(place, user)).toThrow('was made by somebody else');
  });

  it('copies the programs where the clone cannot be entered, and makes the names of their libraries', () => {
    const user = findRunUser() ?? {
      name: 'self',
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
    };
    const place = placeOf(home, findRunUser());
    preparePlace(place, findRunUser());
    const closed = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-closed-'));
    try {
      // As npm leaves it when install scripts do not run: without the links that the programs need.
      const original = path.dirname(path.dirname(findPrograms(place, findRunUser()).postgres));
      fs.cpSync(original, path.join(closed, 'native'), {
        recursive: true,
        filter: (file) => !fs.lstatSync(file).isSymbolicLink(),
      });
      const programs = findPrograms(
        place,
        findRunUser() === undefined ? undefined : user,
        path.join(closed, 'native'),
      );
      expect(programs.postgres.startsWith(place.programsDirectory)).toBe(true);
    } finally {
      fs.rmSync(closed, { recursive: true, force: true });
    }
  });

  it.each([
    ['/', true],
    ['/tmp', true],
  ])('tells whether everybody can reach %s', (directory, reachable) => {
    expect(isReachableByAll(directory)).toBe(reachable);
  });

  it('knows that nobody else reaches a private folder', () => {
    expect(isReachableByAll(home.root)).toBe(false);
  });
});
