/**
 * A disk for specs that stops at a given change: that one and all after it are refused, as if the process had been
 * killed there. Counts the changes, so that a spec can cut a story at every one of them.
 */
import { DiskError, type Disk, type DiskFile, type OpenMode } from '@tidemark/platform';

export class CutDisk {
  changes = 0;
  /** The change that is refused first, counted from 0. */
  cutAt = Infinity;

  constructor(private readonly real: Disk) {}

  get wasCut(): boolean {
    return this.changes > this.cutAt;
  }

  asDisk(): Disk {
    const { real } = this;
    const overlay: Partial<Disk> = {
      openSync: (path, mode) => this.open(path, mode),
      renameSync: (from, to) => this.change(from, () => real.renameSync(from, to)),
      removeSync: (path) => this.change(path, () => real.removeSync(path)),
      remove: async (path) => this.change(path, () => real.remove(path)),
      makeDirectorySync: (path) => this.change(path, () => real.makeDirectorySync(path)),
    };
    return Object.assign(Object.create(real) as Disk, overlay);
  }

  private open(path: string, mode: OpenMode): DiskFile {
    const makes = mode !== 'read' && !this.real.existsSync(path);
    const file = makes
      ? this.change(path, () => this.real.openSync(path, mode))
      : this.real.openSync(path, mode);
    const overlay: Partial<DiskFile> = {
      writeSync: (source, offset, length, position) =>
        this.change(path, () => file.writeSync(source, offset, length, position)),
      write: (source, offset, length, position) =>
        this.change(path, () => file.write(source, offset, length, position)),
      truncateSync: (length) => this.change(path, () => file.truncateSync(length)),
    };
    const methods = {
      path,
      readSync: file.readSync.bind(file),
      read: file.read.bind(file),
      sync: file.sync.bind(file),
      syncSync: file.syncSync.bind(file),
      sizeSync: file.sizeSync.bind(file),
      closeSync: file.closeSync.bind(file),
    };
    return { ...methods, ...overlay } as DiskFile;
  }

  private change<Result>(path: string, perform: () => Result): Result {
    this.changes += 1;
    if (this.changes > this.cutAt) throw new DiskError('io', path, 'the process was killed (injected)');
    return perform();
  }
}
