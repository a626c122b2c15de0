/**
 * Where in a segment an offset is, roughly: pairs of (a batch's last offset relative to the segment's base, the
 * batch's position in the file). A reader begins at the entry at or below its offset and walks on from there.
 * Source: Kafka's `OffsetIndex`; an entry of the base offset itself, beyond the first, is unused preallocated room.
 */
import type { Disk } from '@tidemark/platform';
import { IndexEntries } from './index-entries.js';

export const OFFSET_ENTRY_BYTES = 8;
const POSITION = 4;

export class OffsetIndex {
  readonly entries: IndexEntries;

  constructor(
    disk: Disk,
    path: string,
    private readonly baseOffset: number,
  ) {
    this.entries = new IndexEntries(disk, path, OFFSET_ENTRY_BYTES);
  }

  append(lastOffset: number, position: number): void {
    const at = this.entries.append();
    this.entries.view.setInt32(at, lastOffset - this.baseOffset);
    this.entries.view.setInt32(at + POSITION, position);
  }

  /** The position to begin at when looking for `offset`; 0 when nothing nearer is known. */
  positionBefore(offset: number): number {
    const index = this.entries.search(offset - this.baseOffset, this.keyOf);
    if (index < 0) return 0;
    const position = this.entries.int32(index, POSITION);
    this.entries.closeProbe();
    return position;
  }

  /** The position of the last entry's batch; 0 when there is none. */
  get lastPosition(): number {
    if (this.entries.count === 0) return 0;
    const position = this.entries.int32(this.entries.count - 1, POSITION);
    this.entries.closeProbe();
    return position;
  }

  /** Drops entries of offsets at or beyond `offset`. */
  truncateTo(offset: number): void {
    const keep = this.entries.search(offset - 1 - this.baseOffset, this.keyOf) + 1;
    this.entries.truncate(keep);
  }

  /**
   * Whether the file can be trusted: whole entries, and a last one within a log of `logBytes`. Room that was
   * preallocated and never used is cut off.
   */
  isSane(logBytes: number): boolean {
    if (this.entries.measure() < 0) return false;
    this.dropUnused();
    if (this.entries.count === 0) return true;
    const relative = this.entries.int32(this.entries.count - 1, 0);
    this.entries.closeProbe();
    return relative >= 0 && this.lastPosition >= 0 && this.lastPosition < logBytes;
  }

  private dropUnused(): void {
    const { entries } = this;
    let count = entries.count;
    // Preallocated room is all zeros, as is a true first entry only in a segment of one tiny batch.
    while (count > 0 && entries.int32(count - 1, 0) === 0 && entries.int32(count - 1, POSITION) === 0)
      count -= 1;
    entries.closeProbe();
    entries.truncate(count);
  }

  private readonly keyOf = (index: number): number => this.entries.int32(index, 0);
}
