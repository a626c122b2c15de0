/**
 * The database cluster on disk: made by initdb when there is none, and made fit to start again after a crash. Its
 * content is a cache of the log, so a cluster that cannot belong to this home (its password is lost) is made anew.
 * Called by postgres-1's plan before each start; holds nothing in memory.
 */
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Fault } from '../console/fault.js';
import { readLine, writeOnce, type Home } from '../stack/home.js';
import { placeOf, preparePlace, sweepPlaces, type ClusterPlace } from './cluster-place.js';
import { clearDeadPostmaster } from './dead-postmaster.js';
import { findPrograms, type PostgresPrograms } from './programs.js';
import { findRunUser, type RunUser } from './run-user.js';

export const SUPERUSER = 'tidemark';

export interface Cluster {
  readonly place: ClusterPlace;
  readonly programs: PostgresPrograms;
  readonly user: RunUser | undefined;
  readonly password: string;
}

/** Decides where the cluster lies and who runs it, and finds the programs. Throws a `Fault`. */
export function openCluster(home: Home): Cluster {
  const user = findRunUser();
  const place = placeOf(home, user);
  preparePlace(place, user);
  sweepPlaces(place, home);
  // Nobody knows the password of a cluster that an earlier home of this name left behind.
  if (readLine(home.postgresPasswordPath) === undefined) removeData(place);
  const password = writeOnce(home.postgresPasswordPath, () => randomBytes(24).toString('base64url'));
  return { place, user, password, programs: findPrograms(place, user) };
}

/** Afterwards `postgres -D <data>` can be started. Throws a `Fault`. */
export async function prepareCluster(cluster: Cluster): Promise<void> {
  const { place, user } = cluster;
  preparePlace(place, user);
  if (fs.existsSync(path.join(place.dataDirectory, 'PG_VERSION'))) {
    await clearDeadPostmaster(place.dataDirectory);
    return;
  }
  const temporary = `${place.dataDirectory}.new`;
  const passwordFile = path.join(place.folder, 'password.tmp');
  fs.rmSync(temporary, { recursive: true, force: true });
  fs.mkdirSync(temporary, { mode: 0o700 });
  fs.writeFileSync(passwordFile, `${cluster.password}\n`, { mode: 0o600 });
  try {
    if (user !== undefined) {
      fs.chownSync(temporary, user.uid, user.gid);
      fs.chownSync(passwordFile, user.uid, user.gid);
    }
    await runInitdb(cluster, temporary, passwordFile);
    fs.renameSync(temporary, place.dataDirectory);
  } finally {
    fs.rmSync(passwordFile, { force: true });
  }
}

/** Command line of the server: small, on loopback only, no Unix socket (its path may be too long for one). */
export function serverArguments(place: ClusterPlace, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    shared_buffers: '32MB',
    max_connections: '60',
    // A commit that a crash takes back is read from the log again: offset and rows are lost together.
    synchronous_commit: 'off',
    max_wal_size: '256MB',
    min_wal_size: '80MB',
    max_wal_senders: '0',
    wal_level: 'minimal',
    jit: 'off',
    // Fewer processes: one machine, small tables.
    io_method: 'sync',
    max_logical_replication_workers: '0',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
  };
  return [
    '-D',
    place.dataDirectory,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

function removeData(place: ClusterPlace): void {
  fs.rmSync(place.dataDirectory, { recursive: true, force: true });
}

function runInitdb(cluster: Cluster, directory: string, passwordFile: string): Promise<void> {
  const { programs, user, place } = cluster;
  const args = [
    ...['--pgdata', directory, '--username', SUPERUSER, '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-instructions'],
    // A crash before the first flush leaves a cluster that is made anew; nothing of worth is in it yet.
    '--no-sync',
  ];
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(programs.initdb, args, {
      cwd: place.folder,
      env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = `${output}${chunk.toString()}`.slice(-4000);
      });
    }
    child.once('error', (cause) => reject(new Fault(`initdb could not be run: ${cause.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Fault(`initdb failed (${signal ?? String(code)}): ${lastLine(output)}`));
    });
  });
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return lines.find((line) => line.includes('error:')) ?? lines.at(-1) ?? '';
}
