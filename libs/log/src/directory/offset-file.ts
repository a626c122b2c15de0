/**
 * One of the files at the root of a data directory that hold an offset for each partition. Holds the offsets, and what of
 * them is on disk. One for recovery points, log starts and high watermarks each; owned by `LogDirectory`.
 *
 * What must hold: `save` has the last word. An offset that goes back (a log was cut) must be on disk before the log is,
 * so what `saveLater` read before that never takes its place.
 */
import { replaceFileLater, writeFileAtomically, type Disk } from '@tidemark/platform';
import { LogError } from '../log-error.js';
import { offsetCheckpointOf, readOffsetCheckpoint } from './checkpoint.js';

export class OffsetFile {
  /** By partition name. */
  readonly offsets: Map<string, number>;
  /** What the file holds that this process has written; undefined: not known. */
  private saved: Uint8Array | undefined;
  private saves = 0;

  /** Throws DiskError. */
  constructor(
    private readonly disk: Disk,
    private readonly path: string,
  ) {
    this.offsets = read(disk, path);
  }

  /** On disk when it returns; waits for the device on the event loop. Throws DiskError. */
  save(): void {
    this.saves += 1;
    const content = offsetCheckpointOf(this.offsets);
    if (this.isSaved(content)) return;
    this.saved = undefined;
    writeFileAtomically(this.disk, this.path, content);
    this.saved = content;
  }

  /** What the offsets are now, soon; not to be called again before it resolves. Rejects with DiskError. */
  async saveLater(): Promise<void> {
    const content = offsetCheckpointOf(this.offsets);
    if (this.isSaved(content)) return;
    const { saves } = this;
    const replaced = await replaceFileLater(this.disk, this.path, content, () => this.saves !== saves);
    if (replaced) this.saved = content;
  }

  private isSaved(content: Uint8Array): boolean {
    return this.saved !== undefined && Buffer.compare(this.saved, content) === 0;
  }
}

/** A checkpoint that cannot be read counts as none: more is recovered than had to be. */
function read(disk: Disk, path: string): Map<string, number> {
  try {
    return readOffsetCheckpoint(disk, path);
  } catch (error) {
    if (error instanceof LogError) return new Map();
    throw error;
  }
}
