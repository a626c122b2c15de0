/**
 * From when on a segment has records of a time: pairs of (the largest timestamp so far, the last offset of the batch
 * that has it, relative to the base). Timestamps strictly rise. Source: Kafka's `TimeIndex`.
 */
import type { Disk } from '@tidemark/platform';
import { IndexEntries } from './index-entries.js';

export const TIME_ENTRY_BYTES = 12;
const RELATIVE_OFFSET = 8;
const TWO_32 = 0x100000000;

export class TimeIndex {
  readonly entries: IndexEntries;

  constructor(
    disk: Disk,
    path: string,
    private readonly baseOffset: number,
  ) {
    this.entries = new IndexEntries(disk, path, TIME_ENTRY_BYTES);
  }

  /** -1 when there is no entry. */
  get lastTimestamp(): number {
    if (this.entries.count === 0) return -1;
    const timestamp = this.entries.int64(this.entries.count - 1, 0);
    this.entries.closeProbe();
    return timestamp;
  }

  /** The base offset when there is no entry. */
  get lastOffset(): number {
    if (this.entries.count === 0) return this.baseOffset;
    const relative = this.entries.int32(this.entries.count - 1, RELATIVE_OFFSET);
    this.entries.closeProbe();
    return this.baseOffset + relative;
  }

  /** Adds an entry unless it would say nothing new. */
  appendIfLater(timestamp: number, offset: number): void {
    if (timestamp < 0 || timestamp <= this.lastTimestamp) return;
    const at = this.entries.append();
    const { view } = this.entries;
    view.setInt32(at, Math.floor(timestamp / TWO_32));
    view.setUint32(at + 4, timestamp >>> 0);
    view.setInt32(at + RELATIVE_OFFSET, offset - this.baseOffset);
  }

  /** An offset at or before the first record of time `timestamp` or later. */
  offsetBefore(timestamp: number): number {
    // Only an entry of an earlier time says that everything up to its offset is earlier.
    const index = this.entries.search(timestamp - 1, this.keyOf);
    if (index < 0) return this.baseOffset;
    const relative = this.entries.int32(index, RELATIVE_OFFSET);
    this.entries.closeProbe();
    return this.baseOffset + relative;
  }

  truncateTo(offset: number): void {
    const relative = offset - 1 - this.baseOffset;
    const keep = this.entries.search(relative, (index) => this.entries.int32(index, RELATIVE_OFFSET)) + 1;
    this.entries.truncate(keep);
  }

  isSane(): boolean {
    if (this.entries.measure() < 0) return false;
    let count = this.entries.count;
    while (count > 0 && this.entries.int64(count - 1, 0) === 0) count -= 1;
    this.entries.closeProbe();
    this.entries.truncate(count);
    return this.lastTimestamp >= -1 && this.lastOffset >= this.baseOffset;
  }

  private readonly keyOf = (index: number): number => this.entries.int64(index, 0);
}
