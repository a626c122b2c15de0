/**
 * The disk of one machine, which outlives its processes: a tree of names, and what is wrong with it at the moment (slow,
 * full, failing). Holds the tree, the log files that changed since a checker last looked, and who has which directory
 * locked. Processes use it through `SimulatedDisk`, one for each life.
 */
import { DiskError } from '@tidemark/platform';
import type { Incarnation } from './incarnation.js';
import type { SeededRandom } from './seeded-random.js';
import { StoredDirectory, type Stored } from './stored-directory.js';
import { StoredFile } from './stored-file.js';

export interface DiskTrouble {
  /** Added to every read and sync, milliseconds. */
  slowMs: number;
  /** Bytes that files may still grow by. */
  freeBytes: number;
  /** The next so many syncs fail. */
  failingSyncs: number;
}

export class DiskImage {
  readonly trouble: DiskTrouble = { slowMs: 0, freeBytes: Infinity, failingSyncs: 0 };
  readonly locks = new Map<string, Incarnation>();
  /** Directories whose holder lost its power, until the next one has taken them. */
  readonly abandoned = new Set<string>();
  /** Rises with every change of names that a checker of logs has to see: of log files and of directories. */
  namesVersion = 0;
  /** Files that were written to or cut since a checker last looked. */
  readonly changed = new Set<StoredFile>();
  /** Snapshots of the metadata that got their name. */
  snapshots = 0;
  /** Times that promises to controllers that elect were written. */
  promises = 0;
  writesRefused = 0;
  /** Files that it says are synced without doing it: a mutant's disk. */
  lies: RegExp | undefined;
  /** Calls that took longer because of `slowMs`. */
  slowedCalls = 0;
  root = new StoredDirectory();

  constructor(readonly random: SeededRandom) {}

  renamed(name: string, stored: Stored): void {
    if (name.endsWith('.checkpoint')) this.snapshots += 1;
    if (name === 'partition-fences') this.promises += 1;
    if (stored.kind === 'directory' || name.endsWith('.log')) this.namesVersion += 1;
  }

  find(path: string): Stored | undefined {
    return this.at(partsOf(path));
  }

  private at(parts: readonly string[]): Stored | undefined {
    let at: Stored = this.root;
    for (const name of parts) {
      if (at.kind !== 'directory') return undefined;
      const below = at.names.get(name);
      if (below === undefined) return undefined;
      at = below;
    }
    return at;
  }

  /** The directory that a path is in, and its name there. Throws DiskError('not-found'). */
  parentOf(path: string): { directory: StoredDirectory; name: string } {
    const parts = partsOf(path);
    const name = parts.pop() ?? '';
    const directory = this.at(parts);
    if (directory?.kind !== 'directory') throw new DiskError('not-found', path, 'no such directory');
    return { directory, name };
  }

  makeDirectory(path: string): void {
    let at: StoredDirectory = this.root;
    for (const name of partsOf(path)) {
      let below = at.names.get(name);
      if (below === undefined) {
        below = new StoredDirectory();
        at.change([name, below]);
        this.namesVersion += 1;
      }
      if (below.kind !== 'directory') throw new DiskError('exists', path, 'is a file');
      at = below;
    }
  }

  /** Everything that no sync has forced to disk may be gone. */
  losePower(): void {
    this.root.losePower(this.random);
    for (const path of this.locks.keys()) this.abandoned.add(path);
    this.locks.clear();
    this.namesVersion += 1;
    for (const { file } of this.filesBelow('', '.log')) this.changed.add(file);
  }

  /**
   * A process begins. Within one life a sync that failed is not made good by a later one (the system may have dropped the
   * pages); the next life's syncs write everything.
   */
  reopen(): void {
    for (const { file } of this.filesBelow('', '')) file.reopen();
  }

  /** Removes the files whose path matches, as if they had never been written. */
  forget(paths: RegExp): void {
    for (const { path } of this.filesBelow('', '')) {
      if (!paths.test(path)) continue;
      const { directory, name } = this.parentOf(path);
      directory.change([name, undefined]);
      directory.sync();
    }
    this.namesVersion += 1;
  }

  /** The disk is replaced by a new one. */
  format(): void {
    this.root = new StoredDirectory();
    this.locks.clear();
    this.namesVersion += 1;
  }

  /** Files below `path` whose name ends so, in order of their paths. */
  filesBelow(path: string, suffix: string): { path: string; file: StoredFile }[] {
    const found: { path: string; file: StoredFile }[] = [];
    const look = (stored: Stored | undefined, at: string): void => {
      if (stored === undefined) return;
      if (stored.kind === 'file') {
        if (at.endsWith(suffix)) found.push({ path: at, file: stored });
        return;
      }
      for (const name of [...stored.names.keys()].sort()) look(stored.names.get(name), `${at}/${name}`);
    };
    look(this.find(path), path);
    return found;
  }
}

/** Of an absolute path; nothing and `/` are the root. */
function partsOf(path: string): string[] {
  return path.length < 2 ? [] : path.slice(1).split('/');
}
