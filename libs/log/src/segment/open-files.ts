/**
 * Bounds how many log files are open at once, over all partitions of a broker: a file is opened when it is used and
 * the one unused for longest is closed to make room. Holds the open ones.
 *
 * What must hold: a pinned file (an asynchronous read or flush is under way) is never closed under its user, not
 * even when its slot is; it is closed when the last pin goes.
 */
import { assert, type Disk, type DiskFile } from '@tidemark/platform';

export class OpenFiles {
  private readonly open = new Set<FileSlot>();
  private uses = 0;

  constructor(private readonly filesMax: number) {}

  get count(): number {
    return this.open.size;
  }

  /** A number that grows with each use, to tell which file has been unused for longest. */
  touch(): number {
    this.uses += 1;
    return this.uses;
  }

  opened(slot: FileSlot): void {
    this.open.add(slot);
    if (this.open.size <= this.filesMax) return;
    let oldest: FileSlot | undefined;
    for (const other of this.open) {
      if (other === slot || other.isPinned) continue;
      if (oldest === undefined || other.lastUse < oldest.lastUse) oldest = other;
    }
    oldest?.close();
  }

  closed(slot: FileSlot): void {
    this.open.delete(slot);
  }
}

/** One file that may be open or not; its user does not care. */
export class FileSlot {
  lastUse = 0;
  private file: DiskFile | undefined;
  private writable = false;
  private pins = 0;
  private closing = false;
  /** Opened for reading only, replaced since by one for writing, and still pinned. */
  private replaced: DiskFile[] = [];

  constructor(
    private readonly disk: Disk,
    private readonly files: OpenFiles,
    readonly path: string,
  ) {}

  get isPinned(): boolean {
    return this.pins > 0;
  }

  /** Open now, and until the next turn of the event loop; `pin` it to keep it longer. Throws DiskError. */
  use(mode: 'read' | 'write' = 'write'): DiskFile {
    this.lastUse = this.files.touch();
    if (this.file !== undefined && (this.writable || mode === 'read')) return this.file;
    const file = this.disk.openSync(this.path, mode);
    if (this.file !== undefined) this.replaced.push(this.file);
    this.file = file;
    this.writable = mode === 'write';
    if (this.pins === 0) this.closeReplaced();
    this.files.opened(this);
    return file;
  }

  pin(): DiskFile {
    const file = this.use('read');
    this.pins += 1;
    return file;
  }

  unpin(): void {
    assert(this.pins > 0, 'a file is unpinned that was not pinned');
    this.pins -= 1;
    if (this.pins > 0) return;
    this.closeReplaced();
    if (this.closing) this.close();
  }

  /** At once, or when the last pin goes. The slot may be used again. */
  close(): void {
    this.closing = this.pins > 0;
    if (this.closing || this.file === undefined) return;
    const file = this.file;
    this.file = undefined;
    this.files.closed(this);
    file.closeSync();
  }

  private closeReplaced(): void {
    for (const file of this.replaced) file.closeSync();
    this.replaced = [];
  }
}
