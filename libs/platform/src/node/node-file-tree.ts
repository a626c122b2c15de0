/**
 * The machine's directory tree as `FileTree` asks for it. Holds no state.
 */
import fs from 'node:fs';
import type { DiskFile } from '../disk.js';
import type { EntryKind, FileEntry, FileTree } from '../file-tree.js';
import { atDisk, toDiskError } from './disk-errors.js';
import { NodeFile } from './node-disk.js';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
/** Not there, not to be followed, or no file that can be opened (a socket): for `openRegularSync` all the same. */
const NOT_REGULAR = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO', 'EISDIR']);

export const nodeFileTree: FileTree = {
  claimDirectorySync(path: string): boolean {
    try {
      fs.mkdirSync(path, { mode: 0o700 });
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw toDiskError(path, cause);
    }
  },
  describeSync(path: string): FileEntry | undefined {
    const stats = atDisk(path, () => fs.lstatSync(path, { throwIfNoEntry: false }));
    if (stats === undefined) return undefined;
    return { kind: kindOf(stats), bytes: stats.size, modifiedAt: stats.mtimeMs };
  },
  realPathSync(path: string): string | undefined {
    try {
      return fs.realpathSync(path);
    } catch (cause) {
      if (NOT_REGULAR.has((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw toDiskError(path, cause);
    }
  },
  openRegularSync(path: string): DiskFile | undefined {
    let descriptor: number;
    try {
      // Without O_NONBLOCK, opening a pipe that nobody writes to would hang the whole process.
      descriptor = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (cause) {
      if (NOT_REGULAR.has((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw toDiskError(path, cause);
    }
    if (fs.fstatSync(descriptor).isFile()) return new NodeFile(path, descriptor);
    fs.closeSync(descriptor);
    return undefined;
  },
  setModeSync(path: string, mode: number): void {
    atDisk(path, () => fs.chmodSync(path, mode));
  },
};

function kindOf(stats: fs.Stats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}
