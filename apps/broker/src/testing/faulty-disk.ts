/**
 * The real disk with faults on demand: writes that are refused for want of space, flushes that are held back or fail.
 * Only logs, and the snapshots without which no segment is begun, are concerned.
 */
import { DiskError, type Disk, type DiskFile, type OpenMode } from '@tidemark/platform';
import { nodeDisk } from '@tidemark/platform/node';

export class FaultyDisk implements Disk {
  full = false;
  failFlush = false;
  private held: (() => void)[] | undefined;

  readonly existsSync = nodeDisk.existsSync.bind(nodeDisk);
  readonly makeDirectorySync = nodeDisk.makeDirectorySync.bind(nodeDisk);
  readonly listSync = nodeDisk.listSync.bind(nodeDisk);
  readonly renameSync = nodeDisk.renameSync.bind(nodeDisk);
  readonly remove = nodeDisk.remove.bind(nodeDisk);
  readonly removeSync = nodeDisk.removeSync.bind(nodeDisk);
  readonly removeTreeSync = nodeDisk.removeTreeSync.bind(nodeDisk);
  readonly syncDirectorySync = nodeDisk.syncDirectorySync.bind(nodeDisk);
  readonly lockDirectorySync = nodeDisk.lockDirectorySync.bind(nodeDisk);

  /** Flushes begun from now on end when `releaseFlushes` is called. */
  holdFlushes(): void {
    this.held = [];
  }

  releaseFlushes(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const release of held) release();
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    const file = nodeDisk.openSync(path, mode);
    return /\.(?:log|snapshot)$/.test(path) ? this.faulty(file) : file;
  }

  private faulty(file: DiskFile): DiskFile {
    const refuse = (): void => {
      if (this.full) throw new DiskError('no-space', file.path, 'no space left, says the spec');
    };
    return {
      path: file.path,
      readSync: file.readSync.bind(file),
      read: file.read.bind(file),
      writeSync: (source, offset, length, position) => {
        refuse();
        return file.writeSync(source, offset, length, position);
      },
      write: (source, offset, length, position) => {
        refuse();
        return file.write(source, offset, length, position);
      },
      sync: async () => {
        const { held } = this;
        if (held !== undefined) await new Promise<void>((resolve) => held.push(resolve));
        if (this.failFlush) throw new DiskError('io', file.path, 'flush failed, says the spec');
        await file.sync();
      },
      syncSync: file.syncSync.bind(file),
      truncateSync: file.truncateSync.bind(file),
      sizeSync: file.sizeSync.bind(file),
      closeSync: file.closeSync.bind(file),
    };
  }
}
