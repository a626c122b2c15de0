/**
 * A disk for specs that can be told to fill up, to cut writes short or to fail: everything else goes to the real one.
 * What is injected counts how often it bit, so that a spec can tell a fault that never happened.
 */
import { DiskError, type Disk, type DiskFile, type OpenMode } from '@tidemark/platform';

export class FaultyDisk implements Pick<Disk, 'openSync'> {
  /** Bytes of log that may still be written before the disk is full. */
  room = Infinity;
  /** Before it refuses, a full disk takes part of a write, as a real one does. */
  refusals = 0;
  failSync = false;
  failTruncate = false;
  syncs = 0;
  /** What a flush waits for before it reaches the disk. */
  beforeSync: Promise<void> | undefined;
  writes = 0;

  constructor(private readonly real: Disk) {}

  /** The disk to hand to a log. */
  asDisk(): Disk {
    const overlay: Pick<Disk, 'openSync'> = { openSync: (path, mode) => this.openSync(path, mode) };
    return Object.assign(Object.create(this.real) as Disk, overlay);
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    const file = this.real.openSync(path, mode);
    return path.endsWith('.log') ? new FaultyFile(file, this) : file;
  }

  /** How many of `length` bytes the disk takes now. Throws when it takes none. */
  take(path: string, length: number): number {
    this.writes += 1;
    const taken = Math.min(length, this.room);
    this.room -= taken;
    if (taken > 0) return taken;
    this.refusals += 1;
    throw new DiskError('no-space', path, 'no space left on device (injected)');
  }
}

class FaultyFile implements DiskFile {
  readonly path: string;
  constructor(
    private readonly file: DiskFile,
    private readonly faults: FaultyDisk,
  ) {
    this.path = file.path;
  }
  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    return this.file.readSync(target, offset, length, position);
  }
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.file.read(target, offset, length, position);
  }
  writeSync(source: Uint8Array, offset: number, length: number, position: number): number {
    return this.file.writeSync(source, offset, this.faults.take(this.path, length), position);
  }
  write(source: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.file.write(source, offset, this.faults.take(this.path, length), position);
  }
  async sync(): Promise<void> {
    this.faults.syncs += 1;
    if (this.faults.failSync) throw new DiskError('io', this.path, 'input/output error (injected)');
    await this.faults.beforeSync;
    await this.file.sync();
  }
  syncSync(): void {
    this.file.syncSync();
  }
  truncateSync(length: number): void {
    if (this.faults.failTruncate) throw new DiskError('io', this.path, 'input/output error (injected)');
    this.file.truncateSync(length);
  }
  sizeSync(): number {
    return this.file.sizeSync();
  }
  closeSync(): void {
    this.file.closeSync();
  }
}
