/**
 * One segment of a log: a file of record batches, the two sparse indexes beside it, and what is known of its largest
 * timestamp. Holds sizes and the state between two index entries; opens its file when it is used. Owned by `Segments`.
 *
 * What must hold: `writtenBytes` are in the file, `bytes` include what is staged in the tail ring and not yet
 * written; only the last segment of a log differs in the two.
 */
import { DiskError, type Disk } from '@tidemark/platform';
import { BATCH_HEADER_BYTES, batchLastOffset, batchMaxTimestamp, batchSizeBytes } from '@tidemark/wire';
import { scanBatches } from './batch-scan.js';
import { OFFSET_ENTRY_BYTES, OffsetIndex } from './offset-index.js';
import { FileSlot, type OpenFiles } from './open-files.js';
import {
  DELETED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  SEGMENT_SUFFIXES,
  TIME_INDEX_SUFFIX,
  offsetFileName,
} from './segment-names.js';
import { TIME_ENTRY_BYTES, TimeIndex } from './time-index.js';

/** Index entries that may wait in memory; the index of a segment of 1 GiB has a quarter of a million. */
const PENDING_ENTRIES_MAX = 512;
const RELATIVE_OFFSET_MAX = 2 ** 31 - 1;

/** What an append changes, kept to be put back when the write fails. */
export interface SegmentMark {
  bytes: number;
  maxTimestamp: number;
  offsetOfMaxTimestamp: number;
  bytesSinceIndexEntry: number;
  offsetEntries: number;
  timeEntries: number;
}

export interface SegmentOptions {
  /** Wall clock when this process made or opened it. */
  readonly openedAtMs: number;
  /** Behind every file name, while it is no part of the log yet. */
  readonly nameSuffix?: string;
}

export class Segment {
  readonly openedAtMs: number;
  private readonly nameSuffix: string;
  readonly slot: FileSlot;
  readonly offsetIndex: OffsetIndex;
  readonly timeIndex: TimeIndex;
  bytes = 0;
  writtenBytes = 0;
  /** Largest timestamp of all batches, -1 when none has one. */
  maxTimestamp = -1;
  /** Last offset of the batch that has it. */
  offsetOfMaxTimestamp: number;
  bytesSinceIndexEntry = 0;
  /** Timestamp of the first batch, from which the age of the segment counts; undefined before it is known. */
  firstTimestamp: number | undefined;
  /** Bytes or index entries that a flush has not covered. */
  dirty = false;
  /** Its files are renamed or gone: nothing of it is to be read or flushed any more. */
  deleted = false;

  constructor(
    private readonly disk: Disk,
    files: OpenFiles,
    readonly directory: string,
    readonly baseOffset: number,
    options: SegmentOptions,
  ) {
    this.openedAtMs = options.openedAtMs;
    this.nameSuffix = options.nameSuffix ?? '';
    this.slot = new FileSlot(disk, files, this.pathOf(LOG_SUFFIX));
    this.offsetIndex = new OffsetIndex(disk, this.pathOf(OFFSET_INDEX_SUFFIX), baseOffset);
    this.timeIndex = new TimeIndex(disk, this.pathOf(TIME_INDEX_SUFFIX), baseOffset);
    this.offsetOfMaxTimestamp = baseOffset;
  }

  pathOf(suffix: string): string {
    return `${this.directory}/${offsetFileName(this.baseOffset, suffix)}${this.nameSuffix}`;
  }

  /** Accounts for a batch that begins at `position` in the file; the entry comes before the batch is counted. */
  added(bytes: Uint8Array, at: number, position: number, indexIntervalBytes: number): void {
    const size = batchSizeBytes(bytes, at);
    const lastOffset = batchLastOffset(bytes, at);
    const maxTimestamp = batchMaxTimestamp(bytes, at);
    this.firstTimestamp ??= maxTimestamp;
    if (maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = maxTimestamp;
      this.offsetOfMaxTimestamp = lastOffset;
    }
    if (this.bytesSinceIndexEntry > indexIntervalBytes) {
      this.offsetIndex.append(lastOffset, position);
      this.timeIndex.appendIfLater(this.maxTimestamp, this.offsetOfMaxTimestamp);
      this.bytesSinceIndexEntry = 0;
    }
    this.bytesSinceIndexEntry += size;
    this.bytes = position + size;
  }

  /** Whether a batch of `size` bytes that ends at `lastOffset` has to go to a new segment. */
  isFullFor(
    size: number,
    lastOffset: number,
    limits: { segmentBytes: number; segmentIndexBytes: number },
  ): boolean {
    if (this.bytes === 0) return false;
    return (
      this.bytes + size > limits.segmentBytes ||
      lastOffset - this.baseOffset > RELATIVE_OFFSET_MAX ||
      this.offsetIndex.entries.count >= Math.floor(limits.segmentIndexBytes / OFFSET_ENTRY_BYTES) ||
      // One entry is kept free for the last timestamp.
      this.timeIndex.entries.count >= Math.floor(limits.segmentIndexBytes / TIME_ENTRY_BYTES) - 1
    );
  }

  /** Of a segment that was opened: the largest timestamp of its first batch; -1 when it has none. Throws DiskError. */
  readFirstTimestamp(): number {
    const header = new Uint8Array(BATCH_HEADER_BYTES);
    const count = this.slot.use().readSync(header, 0, header.length, 0);
    this.firstTimestamp = count === header.length ? batchMaxTimestamp(header, 0) : -1;
    return this.firstTimestamp;
  }

  mark(into: SegmentMark): void {
    into.bytes = this.bytes;
    into.maxTimestamp = this.maxTimestamp;
    into.offsetOfMaxTimestamp = this.offsetOfMaxTimestamp;
    into.bytesSinceIndexEntry = this.bytesSinceIndexEntry;
    into.offsetEntries = this.offsetIndex.entries.count;
    into.timeEntries = this.timeIndex.entries.count;
  }

  restore(mark: SegmentMark): void {
    this.bytes = mark.bytes;
    this.maxTimestamp = mark.maxTimestamp;
    this.offsetOfMaxTimestamp = mark.offsetOfMaxTimestamp;
    this.bytesSinceIndexEntry = mark.bytesSinceIndexEntry;
    this.offsetIndex.entries.truncate(mark.offsetEntries);
    this.timeIndex.entries.truncate(mark.timeEntries);
    if (mark.bytes === 0) this.firstTimestamp = undefined;
  }

  /** Writes index entries that have waited for long. On a full disk they wait on. */
  saveIndexesIfDue(): void {
    if (this.offsetIndex.entries.pending < PENDING_ENTRIES_MAX) return;
    try {
      this.saveIndexes();
    } catch (error) {
      if (!(error instanceof DiskError && error.code === 'no-space')) throw error;
    }
  }

  saveIndexes(): void {
    this.offsetIndex.entries.save();
    this.timeIndex.entries.save();
  }

  /**
   * No more appends, for now: the largest timestamp gets an entry, both indexes go to their files. On a full disk they
   * stay in memory, which serves until the next attempt.
   */
  seal(): void {
    this.timeIndex.appendIfLater(this.maxTimestamp, this.offsetOfMaxTimestamp);
    try {
      this.offsetIndex.entries.unload();
      this.timeIndex.entries.unload();
    } catch (error) {
      if (!(error instanceof DiskError && error.code === 'no-space')) throw error;
    }
  }

  /** Both indexes, the largest timestamp and the size anew from the file up to `to`. Answers where that ended. */
  reindex(to: number, indexIntervalBytes: number): void {
    this.resetIndexes();
    const from = { from: 0, to, verify: false };
    scanBatches(this.slot.use(), from, (bytes, at, position) => {
      this.added(bytes, at, position, indexIntervalBytes);
      return true;
    });
    this.writtenBytes = this.bytes;
  }

  resetIndexes(): void {
    this.offsetIndex.entries.startEmpty();
    this.timeIndex.entries.startEmpty();
    this.bytes = 0;
    this.maxTimestamp = -1;
    this.offsetOfMaxTimestamp = this.baseOffset;
    this.bytesSinceIndexEntry = 0;
    this.firstTimestamp = undefined;
    this.dirty = true;
  }

  /** Cuts the file and the indexes so that `offset` is the next. Nothing may be staged. */
  truncateTo(offset: number): void {
    const from = this.offsetIndex.positionBefore(offset - 1);
    const end = scanBatches(this.slot.use(), { from, to: this.writtenBytes, verify: false }, (bytes, at) => {
      return batchLastOffset(bytes, at) < offset;
    });
    this.slot.use().truncateSync(end);
    this.offsetIndex.truncateTo(offset);
    this.timeIndex.truncateTo(offset);
    this.writtenBytes = end;
    this.bytes = end;
    this.dirty = true;
    // What follows the last entries is not in them: walk it for the timestamp and the distance.
    this.maxTimestamp = this.timeIndex.lastTimestamp;
    this.offsetOfMaxTimestamp = this.timeIndex.lastOffset;
    this.walkTail();
    if (end === 0) this.firstTimestamp = undefined;
  }

  /** Reads on from the last index entry for what the entries do not tell. Answers the next offset. */
  walkTail(): number {
    const start = this.offsetIndex.lastPosition;
    let nextOffset = this.baseOffset;
    let distance = 0;
    const end = scanBatches(
      this.slot.use(),
      { from: start, to: this.writtenBytes, verify: false },
      (bytes, at) => {
        const timestamp = batchMaxTimestamp(bytes, at);
        nextOffset = batchLastOffset(bytes, at) + 1;
        distance += batchSizeBytes(bytes, at);
        if (timestamp > this.maxTimestamp) {
          this.maxTimestamp = timestamp;
          this.offsetOfMaxTimestamp = nextOffset - 1;
        }
        return true;
      },
    );
    this.bytes = end;
    this.bytesSinceIndexEntry = distance;
    return nextOffset;
  }

  /** Knows what `other` knew, whose files it has under other names now. Throws DiskError. */
  adopt(other: Segment): void {
    this.bytes = other.bytes;
    this.writtenBytes = other.writtenBytes;
    this.maxTimestamp = other.maxTimestamp;
    this.offsetOfMaxTimestamp = other.offsetOfMaxTimestamp;
    this.firstTimestamp = other.firstTimestamp;
    this.bytesSinceIndexEntry = other.bytesSinceIndexEntry;
    this.offsetIndex.entries.measure();
    this.timeIndex.entries.measure();
  }

  /** Takes the files out of sight; they are removed later. Files that were never made are no matter. */
  markDeleted(): string[] {
    this.deleted = true;
    this.slot.close();
    const renamed: string[] = [];
    for (const suffix of SEGMENT_SUFFIXES) {
      const path = this.pathOf(suffix);
      if (!this.disk.existsSync(path)) continue;
      this.disk.renameSync(path, path + DELETED_SUFFIX);
      renamed.push(path + DELETED_SUFFIX);
    }
    return renamed;
  }
}
