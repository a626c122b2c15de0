/**
 * The disk of the machine: file descriptors and nothing else held per file. The synchronous calls run on the
 * event loop, the asynchronous ones in the thread pool.
 *
 * The hot calls (`writeSync`, `readSync`) catch and map errors in place instead of through a closure, because
 * they run once per partition and tick.
 */
import fs from 'node:fs';
import type { Disk, DiskFile, OpenMode } from '../disk.js';
import { lockDirectory } from './directory-lock.js';
import { atDisk, toDiskError } from './disk-errors.js';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  write: O_RDWR | O_CREAT,
  create: O_RDWR | O_CREAT | O_EXCL,
};
const CLOSED = -1;

export class NodeFile implements DiskFile {
  constructor(
    readonly path: string,
    private descriptor: number,
  ) {}

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    try {
      return fs.readSync(this.descriptor, target, offset, length, position);
    } catch (cause) {
      throw toDiskError(this.path, cause);
    }
  }

  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.descriptor, target, offset, length, position, (cause, count) => {
        if (cause === null) resolve(count);
        else reject(toDiskError(this.path, cause));
      });
    });
  }

  writeSync(source: Uint8Array, offset: number, length: number, position: number): number {
    try {
      return fs.writeSync(this.descriptor, source, offset, length, position);
    } catch (cause) {
      throw toDiskError(this.path, cause);
    }
  }

  write(source: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.descriptor, source, offset, length, position, (cause, count) => {
        if (cause === null) resolve(count);
        else reject(toDiskError(this.path, cause));
      });
    });
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.descriptor, (cause) => {
        if (cause === null) resolve();
        else reject(toDiskError(this.path, cause));
      });
    });
  }

  syncSync(): void {
    atDisk(this.path, () => fs.fdatasyncSync(this.descriptor));
  }

  truncateSync(length: number): void {
    atDisk(this.path, () => fs.ftruncateSync(this.descriptor, length));
  }

  sizeSync(): number {
    return atDisk(this.path, () => fs.fstatSync(this.descriptor).size);
  }

  closeSync(): void {
    if (this.descriptor === CLOSED) return;
    const descriptor = this.descriptor;
    this.descriptor = CLOSED;
    atDisk(this.path, () => fs.closeSync(descriptor));
  }
}

export const nodeDisk: Disk = {
  openSync: (path: string, mode: OpenMode): DiskFile =>
    new NodeFile(
      path,
      atDisk(path, () => fs.openSync(path, FLAGS[mode], 0o644)),
    ),
  existsSync: (path: string) => fs.existsSync(path),
  makeDirectorySync(path: string): void {
    atDisk(path, () => fs.mkdirSync(path, { recursive: true }));
  },
  listSync: (path: string) => atDisk(path, () => fs.readdirSync(path).sort()),
  renameSync(from: string, to: string): void {
    atDisk(from, () => fs.renameSync(from, to));
  },
  removeSync(path: string): void {
    atDisk(path, () => fs.rmSync(path, { force: true }));
  },
  remove(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.rm(path, { force: true, recursive: true }, (cause) => {
        if (cause === null) resolve();
        else reject(toDiskError(path, cause));
      });
    });
  },
  removeTreeSync(path: string): void {
    atDisk(path, () => fs.rmSync(path, { force: true, recursive: true }));
  },
  syncDirectorySync(path: string): void {
    // Windows cannot open a directory for syncing, and does not need it: its metadata is journalled in order.
    if (process.platform === 'win32') return;
    atDisk(path, () => {
      const descriptor = fs.openSync(path, O_RDONLY);
      try {
        fs.fsyncSync(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
    });
  },
  lockDirectorySync: lockDirectory,
};
