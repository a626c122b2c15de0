/**
 * The disk door of one process on a machine's disk image. Synchronous calls happen at once, asynchronous ones after a
 * latency from the seed. Holds nothing but a countdown: a process may be killed in the middle of a call, before or
 * after that call's effect, and then this and every later call ends it.
 */
import {
  DiskError,
  assert,
  type DirectoryLock,
  type Disk,
  type DiskFile,
  type OpenMode,
} from '@tidemark/platform';
import type { DiskImage } from './disk-image.js';
import { KilledError, type Incarnation } from './incarnation.js';
import type { SeededRandom } from './seeded-random.js';
import { StoredFile } from './stored-file.js';
import type { World } from './world.js';

export interface SimulatedDiskOptions {
  readonly world: World;
  readonly image: DiskImage;
  readonly owner: Incarnation;
  readonly random: SeededRandom;
  /** The process was killed inside a call: tells the machine. */
  readonly onKilled: () => void;
}

export class SimulatedDisk implements Disk {
  /** So many changing calls from now the process dies; nothing: it does not. */
  killAfter: number | undefined;

  constructor(private readonly options: SimulatedDiskOptions) {}

  openSync(path: string, mode: OpenMode): DiskFile {
    this.touch();
    const { image } = this.options;
    let stored = image.find(path);
    if (stored === undefined) {
      if (mode === 'read') throw new DiskError('not-found', path, 'no such file');
      if (image.trouble.freeBytes <= 0) this.refuse(path);
      this.change(() => {
        const { directory, name } = image.parentOf(path);
        const file = new StoredFile();
        directory.change([name, file]);
        image.renamed(name, file);
        stored = file;
      });
    } else if (mode === 'create') throw new DiskError('exists', path, 'exists already');
    if (stored?.kind !== 'file') throw new DiskError('io', path, 'is a directory');
    return new SimulatedFile(path, stored, this);
  }

  existsSync(path: string): boolean {
    this.touch();
    return this.options.image.find(path) !== undefined;
  }

  makeDirectorySync(path: string): void {
    this.change(() => this.options.image.makeDirectory(path));
  }

  listSync(path: string): string[] {
    this.touch();
    const stored = this.options.image.find(path);
    if (stored?.kind !== 'directory') throw new DiskError('not-found', path, 'no such directory');
    return [...stored.names.keys()].sort();
  }

  renameSync(from: string, to: string): void {
    this.change(() => {
      const { image } = this.options;
      const source = image.parentOf(from);
      const target = image.parentOf(to);
      const stored = source.directory.names.get(source.name);
      if (stored === undefined) throw new DiskError('not-found', from, 'no such file');
      if (source.directory === target.directory)
        source.directory.change([source.name, undefined], [target.name, stored]);
      else {
        target.directory.change([target.name, stored]);
        source.directory.change([source.name, undefined]);
      }
      image.renamed(source.name, stored);
      image.renamed(target.name, stored);
    });
  }

  removeSync(path: string): void {
    this.removeTreeSync(path);
  }

  async remove(path: string): Promise<void> {
    await this.later();
    this.removeTreeSync(path);
  }

  removeTreeSync(path: string): void {
    this.change(() => {
      const { image } = this.options;
      const stored = image.find(path);
      if (stored === undefined) return;
      const { directory, name } = image.parentOf(path);
      directory.change([name, undefined]);
      image.renamed(name, stored);
    });
  }

  syncDirectorySync(path: string): void {
    this.change(() => {
      const stored = this.options.image.find(path);
      if (stored?.kind !== 'directory') throw new DiskError('not-found', path, 'no such directory');
      stored.sync();
    });
  }

  lockDirectorySync(path: string): DirectoryLock | { readonly heldBy: number } {
    this.touch();
    const { image, owner } = this.options;
    const holder = image.locks.get(path);
    if (holder?.alive === true) return { heldBy: holder.node };
    image.locks.set(path, owner);
    return {
      rebooted: image.abandoned.has(path),
      recovered: () => void image.abandoned.delete(path),
      release: () => {
        if (image.locks.get(path) === owner) image.locks.delete(path);
      },
    };
  }

  /** Resolves when the device is done. */
  later(): Promise<void> {
    const { world, image, owner, random } = this.options;
    if (image.trouble.slowMs > 0) image.slowedCalls += 1;
    const delayMs = image.trouble.slowMs + (random.chance(0.05) ? 10 : 1) * (0.1 + random.below(1024) / 1024);
    return new Promise((resolve) => world.schedule(delayMs, owner, resolve));
  }

  /** A call that only looks: nothing looks for a process that is gone. */
  touch(): void {
    if (!this.options.owner.alive) throw new KilledError();
  }

  /** A call that changes the disk, at which the process may die. */
  change(effect: () => void): void {
    this.touch();
    if (this.killAfter !== undefined && (this.killAfter -= 1) < 0) {
      if (this.options.random.chance(0.5)) effect();
      this.options.owner.alive = false;
      this.options.onKilled();
      throw new KilledError();
    }
    effect();
  }

  write(file: StoredFile, path: string, bytes: Uint8Array, position: number): number {
    const { trouble } = this.options.image;
    const growth = Math.max(0, position + bytes.length - file.size);
    const taken = growth > trouble.freeBytes ? bytes.length - (growth - trouble.freeBytes) : bytes.length;
    // A full disk takes a part without a word, and refuses from then on.
    if (taken <= 0 && bytes.length > 0) this.refuse(path);
    this.change(() => {
      trouble.freeBytes -= Math.max(0, position + taken - file.size);
      file.write(bytes, 0, taken, position);
      this.options.image.changed.add(file);
    });
    return taken;
  }

  truncate(file: StoredFile, length: number): void {
    this.change(() => {
      this.options.image.trouble.freeBytes += Math.max(0, file.size - length);
      file.truncate(length);
      this.options.image.changed.add(file);
    });
  }

  async sync(file: StoredFile, path: string): Promise<void> {
    this.touch();
    const taken = file.beginSync();
    await this.later();
    this.endSync(file, path, taken);
  }

  syncSync(file: StoredFile, path: string): void {
    this.change(() => this.endSync(file, path, file.beginSync()));
  }

  private endSync(file: StoredFile, path: string, taken: ReturnType<StoredFile['beginSync']>): void {
    const { image } = this.options;
    if (image.trouble.failingSyncs > 0) {
      image.trouble.failingSyncs -= 1;
      throw new DiskError('io', path, 'sync failed');
    }
    if (image.lies?.test(path) !== true) file.endSync(taken);
  }

  private refuse(path: string): never {
    this.options.image.writesRefused += 1;
    throw new DiskError('no-space', path, 'no space left');
  }
}

class SimulatedFile implements DiskFile {
  private open = true;

  constructor(
    readonly path: string,
    private readonly file: StoredFile,
    private readonly disk: SimulatedDisk,
  ) {}

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    this.check();
    return this.file.read(target, offset, length, position);
  }

  async read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.check();
    await this.disk.later();
    return this.file.read(target, offset, length, position);
  }

  writeSync(source: Uint8Array, offset: number, length: number, position: number): number {
    this.check();
    return this.disk.write(this.file, this.path, source.subarray(offset, offset + length), position);
  }

  async write(source: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.check();
    await this.disk.later();
    return this.writeSync(source, offset, length, position);
  }

  sync(): Promise<void> {
    this.check();
    return this.disk.sync(this.file, this.path);
  }

  syncSync(): void {
    this.check();
    this.disk.syncSync(this.file, this.path);
  }

  truncateSync(length: number): void {
    this.check();
    this.disk.truncate(this.file, length);
  }

  sizeSync(): number {
    this.check();
    return this.file.size;
  }

  closeSync(): void {
    this.open = false;
  }

  private check(): void {
    this.disk.touch();
    assert(this.open, `${this.path} is used after it was closed`);
  }
}
