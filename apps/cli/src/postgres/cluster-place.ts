/**
 * Where the database cluster lies. Normally `<home>/data/postgres-1`; for a supervisor of root, whose home the
 * unprivileged user may not be able to reach, a folder of its own under the system's temporary directory, named by
 * a hash of the home. Only folders made here ever get a mode or an owner; a folder that somebody else put there is
 * refused, because whoever owns it could replace the database.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Fault } from '../console/fault.js';
import { readLine, type Home } from '../stack/home.js';
import type { RunUser } from './run-user.js';

const SHARED_PREFIX = 'tidemark-postgres-';
const HOME_NOTE = 'home';

export interface ClusterPlace {
  /** Holds the other two; made by `preparePlace`. */
  readonly folder: string;
  readonly dataDirectory: string;
  /** A copy of the programs, when those in node_modules cannot be used by the run user. */
  readonly programsDirectory: string;
}

export function placeOf(home: Home, user: RunUser | undefined): ClusterPlace {
  const folder = user === undefined ? path.join(home.dataDirectory, 'postgres-1') : sharedFolderOf(home);
  return {
    folder,
    dataDirectory: path.join(folder, 'data'),
    programsDirectory: path.join(folder, 'programs'),
  };
}

/** Makes the folder, or makes sure that the one that is there is ours. Throws a `Fault`. */
export function preparePlace(place: ClusterPlace, user: RunUser | undefined): void {
  try {
    fs.mkdirSync(place.folder, { mode: 0o700 });
    // Ours alone to write; the run user passes through to `data`, which will be its own.
    if (user !== undefined) fs.chmodSync(place.folder, 0o711);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    if (!isOurs(place.folder)) {
      throw new Fault(`${place.folder} was made by somebody else; remove it and try again`);
    }
  }
}

/** Notes in a shared folder whose home it is, and removes those of homes that are no more. */
export function sweepPlaces(place: ClusterPlace, home: Home): void {
  if (!path.basename(place.folder).startsWith(SHARED_PREFIX)) return;
  fs.writeFileSync(path.join(place.folder, HOME_NOTE), `${home.root}\n`, { mode: 0o600 });
  const parent = path.dirname(place.folder);
  for (const name of fs.readdirSync(parent).filter((candidate) => candidate.startsWith(SHARED_PREFIX))) {
    const folder = path.join(parent, name);
    if (folder === place.folder || !isOurs(folder)) continue;
    const noted = readLine(path.join(folder, HOME_NOTE));
    if (noted !== undefined && !fs.existsSync(noted)) fs.rmSync(folder, { recursive: true, force: true });
  }
}

function isOurs(folder: string): boolean {
  const found = fs.lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

export function removePlace(place: ClusterPlace): void {
  fs.rmSync(place.folder, { recursive: true, force: true });
}

function sharedFolderOf(home: Home): string {
  const root = fs.existsSync(home.root) ? fs.realpathSync(home.root) : home.root;
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const parent = [os.tmpdir(), '/tmp', '/var/tmp'].find(isReachableByAll);
  if (parent === undefined) throw new Fault('there is no temporary directory that every user can reach');
  return path.join(parent, `${SHARED_PREFIX}${hash}`);
}

/** Can anybody walk down to this directory? */
export function isReachableByAll(directory: string): boolean {
  try {
    for (let at = fs.realpathSync(directory); ; at = path.dirname(at)) {
      if ((fs.statSync(at).mode & 0o001) === 0) return false;
      if (at === path.dirname(at)) return true;
    }
  } catch {
    return false;
  }
}
