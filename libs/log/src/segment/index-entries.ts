/**
 * The entries of one index file: fixed size, big endian, ascending. Of the active segment they are kept in memory and
 * written out now and then; of closed segments they are looked up in the file and cost no memory. Used by the offset
 * index and the time index, which know what the entries mean.
 *
 * What must hold: entries reach the file in order, so that whatever is there is a prefix. An index is never needed
 * for correctness: what a crash loses is rebuilt from the log.
 */
import { assert, DiskError, readFully, writeFully, type Disk, type DiskFile } from '@tidemark/platform';

const INITIAL_ENTRIES = 64;
const NO_ENTRIES = new DataView(new ArrayBuffer(0));
const TWO_32 = 0x100000000;

export class IndexEntries {
  private total = 0;
  private written = 0;
  /** All entries, while the segment is active. */
  private memory: DataView | undefined;
  private probeFile: DiskFile | undefined;

  constructor(
    private readonly disk: Disk,
    readonly path: string,
    private readonly entryBytes: number,
  ) {}

  get count(): number {
    return this.total;
  }

  get pending(): number {
    return this.total - this.written;
  }

  /** Begins an index with no entries; one that is there is forgotten at the next `save`. */
  startEmpty(): void {
    this.memory = NO_ENTRIES;
    this.total = 0;
    this.written = 0;
  }

  /** How many entries the file has; -1 when it is missing or no whole number of entries. Loads nothing. */
  measure(): number {
    if (this.memory !== undefined) return this.total;
    let file: DiskFile;
    try {
      file = this.disk.openSync(this.path, 'read');
    } catch (error) {
      if (error instanceof DiskError && error.code === 'not-found') return -1;
      throw error;
    }
    const size = file.sizeSync();
    file.closeSync();
    if (size % this.entryBytes !== 0) return -1;
    this.total = size / this.entryBytes;
    this.written = this.total;
    return this.total;
  }

  /** Brings the file's entries to memory, to be appended to. */
  load(): void {
    if (this.memory !== undefined) return;
    const bytes = readFully(this.disk, this.path);
    this.total = Math.floor(bytes.length / this.entryBytes);
    this.written = this.total;
    const room = Math.max(INITIAL_ENTRIES, this.total) * this.entryBytes;
    const memory = new Uint8Array(room);
    memory.set(bytes.subarray(0, this.total * this.entryBytes));
    this.memory = new DataView(memory.buffer);
  }

  /** Writes what is pending and lets the memory go. */
  unload(): void {
    this.save();
    this.memory = undefined;
  }

  /** Adds an entry and returns where its fields are to be put in `view`. */
  append(): number {
    this.load();
    const at = this.total * this.entryBytes;
    if (at === this.view.byteLength) this.grow();
    this.total += 1;
    return at;
  }

  /** Of the entries in memory. */
  get view(): DataView {
    assert(this.memory !== undefined, 'an index is appended to that is not loaded');
    return this.memory;
  }

  /** Drops the entries from `count` on. */
  truncate(count: number): void {
    if (count >= this.total) return;
    this.total = count;
    if (this.written <= count) return;
    this.written = count;
    const file = this.disk.openSync(this.path, 'write');
    try {
      file.truncateSync(count * this.entryBytes);
    } finally {
      file.closeSync();
    }
  }

  /** Appends what is pending to the file. */
  save(): void {
    if (this.memory === undefined || (this.pending === 0 && this.written > 0)) return;
    const file = this.disk.openSync(this.path, 'write');
    try {
      const start = this.written * this.entryBytes;
      if (file.sizeSync() > start) file.truncateSync(start);
      const bytes = new Uint8Array(this.memory.buffer, 0, this.total * this.entryBytes);
      writeFully(file, bytes, start, bytes.length - start, start);
      this.written = this.total;
    } finally {
      file.closeSync();
    }
  }

  int32(index: number, field: number): number {
    return this.memory === undefined
      ? this.fetch(index).getInt32(field)
      : this.memory.getInt32(index * this.entryBytes + field);
  }

  int64(index: number, field: number): number {
    const view = this.memory ?? this.fetch(index);
    const at = (this.memory === undefined ? 0 : index * this.entryBytes) + field;
    return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
  }

  /**
   * The last entry whose key, as `keyOf` reads it, is at most `target`; -1 when there is none. Keys ascend. The file
   * of a closed segment is open only meanwhile.
   */
  search(target: number, keyOf: (index: number) => number): number {
    let low = 0;
    let high = this.total - 1;
    try {
      while (low <= high) {
        const middle = (low + high) >> 1;
        if (keyOf(middle) <= target) low = middle + 1;
        else high = middle - 1;
      }
    } finally {
      this.closeProbe();
    }
    return high;
  }

  closeProbe(): void {
    this.probeFile?.closeSync();
    this.probeFile = undefined;
  }

  private fetch(index: number): DataView {
    this.probeFile ??= this.disk.openSync(this.path, 'read');
    const target = new Uint8Array(this.entryBytes);
    const count = this.probeFile.readSync(target, 0, this.entryBytes, index * this.entryBytes);
    if (count !== this.entryBytes) throw new DiskError('io', this.path, `entry ${index} cannot be read`);
    return new DataView(target.buffer);
  }

  private grow(): void {
    const larger = new Uint8Array(Math.max(INITIAL_ENTRIES * this.entryBytes, this.view.byteLength * 2));
    larger.set(new Uint8Array(this.view.buffer));
    this.memory = new DataView(larger.buffer);
  }
}
