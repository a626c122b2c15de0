/**
 * The end of one log in memory: a preallocated ring that is at once where appended batches wait to be written and
 * where readers at the tail find them. Batches lie whole and in order; one that does not fit before the ring's end
 * begins at its start and leaves a gap. Positions here count bytes ever put in, gaps included, so that they only
 * grow; `position mod capacity` is where the byte lies.
 *
 * What must hold: staged bytes are never overwritten or given up; bytes that a reader has leased are never
 * overwritten (the ring then goes on in new memory and the old lives as long as its reader); [start, head) is never
 * longer than the capacity, so it holds one gap at the most.
 */
import { assert } from '@tidemark/platform';
import { batchBaseOffset, batchLastOffset, batchSizeBytes } from '@tidemark/wire';
import { LeaseTable } from './lease-table.js';
import { TailMarks } from './tail-marks.js';
import type { Evictable, TailMemory } from './tail-memory.js';

const CAPACITY_MIN = 64 * 1024;
/** After a refusal of memory, so many laps pass before more is asked for. */
const GROW_PAUSE_LAPS = 4;
const NOTHING = new Uint8Array(0);

/** `placed`: where to put it. `write-first`: staged bytes are in the way. `too-large`: never fits. */
export type Placement = 'placed' | 'write-first' | 'too-large';

export class TailRing implements Evictable {
  lastUse = 0;
  bytes: Uint8Array = NOTHING;
  /** Where in `bytes` the batch goes that `place` has just found room for. */
  placedAt = 0;
  private capacity = 0;
  /** The oldest batch kept. */
  private start = 0;
  private head = 0;
  /** Before here all is written. */
  private staged = 0;
  /** The unused end of the lap before; empty when gapStart = gapEnd. */
  private gapStart = 0;
  private gapEnd = 0;
  private growAfter = 0;
  private readonly marks = new TailMarks();
  private leases = new LeaseTable(0);

  constructor(private readonly memory: TailMemory) {}

  get heldBytes(): number {
    return this.capacity;
  }

  get hasStaged(): boolean {
    return this.staged < this.head;
  }

  get isEmpty(): boolean {
    return this.start === this.head;
  }

  /** Offset of the oldest batch kept; meaningless while empty. */
  get startOffset(): number {
    return batchBaseOffset(this.bytes, this.start % this.capacity);
  }

  /** Finds room for a batch, dropping the oldest; nothing changes unless the answer is `placed`. */
  place(size: number): Placement {
    if (size > this.memory.ringBytesMax / 2) return 'too-large';
    if (size * 2 > this.capacity || this.shouldGrow(size)) {
      if (this.hasStaged) return 'write-first';
      this.grow(size);
    }
    let at = this.nextPosition(size);
    if (this.hasStaged && at + size - this.staged > this.capacity) return 'write-first';
    if (this.leases.covers(this.head - this.capacity, at + size - this.capacity)) {
      if (this.hasStaged) return 'write-first';
      this.renew(this.capacity);
      at = 0;
    }
    this.dropBefore(at + size - this.capacity);
    if (at !== this.head) this.skipTo(at);
    this.placedAt = at % this.capacity;
    this.lastUse = this.memory.touch();
    return 'placed';
  }

  /** The batch that was put at `placedAt` counts from now on. */
  commit(size: number, baseOffset: number): void {
    this.marks.add(baseOffset, this.head);
    this.head += size;
  }

  /** Calls `write` for each stretch of staged bytes, in order: one, or two around a gap. */
  eachStaged(write: (bytes: Uint8Array, at: number, length: number) => void): void {
    this.eachStretch(this.staged, this.head, write);
  }

  markWritten(): void {
    this.staged = this.head;
  }

  /** Takes back what was staged, because it could not be written. */
  dropStaged(): void {
    this.head = this.staged;
    this.marks.dropFrom(this.head);
    if (this.gapStart >= this.head) this.gapEnd = this.gapStart = this.head;
    this.start = Math.min(this.start, this.head);
  }

  /** Forgets all; nothing may be staged. */
  clear(): void {
    assert(!this.hasStaged, 'staged bytes are thrown away');
    this.start = this.staged = this.head;
    this.gapStart = this.gapEnd = this.head;
    this.marks.clear();
  }

  evict(): boolean {
    if (this.hasStaged) return false;
    this.memory.give(this, this.capacity);
    this.reset(0);
    return true;
  }

  /** Position of the batch that holds `offset`, or of the first above it. `offset` is at or above `startOffset`. */
  positionOf(offset: number): number {
    let position = Math.max(this.marks.positionAtOrBefore(offset, this.start), this.start);
    position = this.skipGap(position);
    while (position < this.head && batchLastOffset(this.bytes, position % this.capacity) < offset) {
      position = this.skipGap(position + batchSizeBytes(this.bytes, position % this.capacity));
    }
    return position;
  }

  /** End of the whole batches from `from` on, of `bytesMax` at the most, that end below `upTo`. */
  endWithin(from: number, bytesMax: number, upTo: number, minOneBatch: boolean): number {
    let position = this.skipTowards(from, bytesMax, upTo);
    let length = this.lengthBetween(from, position);
    while (position < this.head) {
      const at = position % this.capacity;
      const size = batchSizeBytes(this.bytes, at);
      if (batchLastOffset(this.bytes, at) >= upTo) break;
      if (length + size > bytesMax && !(minOneBatch && length === 0)) break;
      length += size;
      position = this.skipGap(position + size);
    }
    return position;
  }

  /** The farthest mark from `from` on that is certainly within the limits, so that not every batch is looked at. */
  private skipTowards(from: number, bytesMax: number, upTo: number): number {
    const byLength = this.marks.markAtOrBefore(from + bytesMax, from);
    const byOffset = this.marks.positionAtOrBefore(upTo, from);
    return Math.max(from, Math.min(byLength, byOffset));
  }

  /** Offset after the last batch before `position`, which `endWithin` or `lease` gave. */
  offsetAt(position: number, logEnd: number): number {
    const at = this.skipGap(position);
    return at >= this.head ? logEnd : batchBaseOffset(this.bytes, at % this.capacity);
  }

  /** Bytes of batches in [from, to). */
  lengthBetween(from: number, to: number): number {
    let length = 0;
    this.eachStretch(from, to, (_bytes, _at, part) => {
      length += part;
    });
    return length;
  }

  /**
   * What of [from, to) lies in one piece, which is all but where the ring begins again: [from, end), safe from being
   * overwritten until `release` is called.
   */
  lease(from: number, to: number): { bytes: Uint8Array; end: number; release: () => void } {
    this.lastUse = this.memory.touch();
    const { leases } = this;
    const at = from % this.capacity;
    const gap = this.gapStart >= from && this.gapEnd > this.gapStart ? this.gapStart : to;
    const end = Math.min(to, gap, from - at + this.capacity);
    leases.add(from, end);
    let leased = true;
    const release = (): void => {
      if (leased) leases.remove(from, end);
      leased = false;
    };
    return { bytes: this.bytes.subarray(at, at + end - from), end, release };
  }

  private eachStretch(
    from: number,
    to: number,
    take: (bytes: Uint8Array, at: number, length: number) => void,
  ): void {
    const splits = this.gapStart >= from && this.gapStart < to && this.gapEnd > this.gapStart;
    const end = splits ? this.gapStart : to;
    this.stretch(from, end, take);
    if (splits) this.stretch(this.gapEnd, to, take);
  }

  /** A stretch that has no gap may still end at the ring's last byte and go on at its first. */
  private stretch(
    from: number,
    to: number,
    take: (bytes: Uint8Array, at: number, length: number) => void,
  ): void {
    if (from >= to) return;
    const at = from % this.capacity;
    const first = Math.min(to - from, this.capacity - at);
    take(this.bytes, at, first);
    if (first < to - from) take(this.bytes, 0, to - from - first);
  }

  private nextPosition(size: number): number {
    const left = this.capacity - (this.head % this.capacity);
    return size <= left ? this.head : this.head + left;
  }

  private skipTo(position: number): void {
    if (this.isEmpty) this.start = position;
    if (!this.hasStaged) this.staged = position;
    this.gapStart = this.head;
    this.gapEnd = position;
    this.head = position;
  }

  private skipGap(position: number): number {
    return position === this.gapStart && this.gapEnd > position ? this.gapEnd : position;
  }

  private dropBefore(position: number): void {
    while (this.start < position && this.start < this.head) {
      this.start = this.skipGap(this.start + batchSizeBytes(this.bytes, this.start % this.capacity));
    }
    if (this.start >= this.head) this.start = this.head;
    this.marks.dropBefore(this.start);
  }

  /** Full, still smaller than a ring may be, and not told lately that there is no more memory. */
  private shouldGrow(size: number): boolean {
    if (this.capacity >= this.memory.ringBytesMax || this.head < this.growAfter) return false;
    return this.nextPosition(size) + size - this.start > this.capacity;
  }

  private grow(size: number): void {
    let wanted = Math.max(this.capacity * 2, CAPACITY_MIN);
    while (wanted < size * 2) wanted *= 2;
    wanted = Math.min(wanted, this.memory.ringBytesMax);
    const necessary = this.capacity < size * 2;
    if (this.memory.take(this, wanted - this.capacity, necessary)) this.renew(wanted);
    else this.growAfter = this.head + GROW_PAUSE_LAPS * this.capacity;
  }

  /** Goes on in new memory, empty. */
  private renew(capacity: number): void {
    this.reset(capacity);
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  private reset(capacity: number): void {
    this.bytes = NOTHING;
    this.capacity = capacity;
    this.start = this.head = this.staged = this.gapStart = this.gapEnd = this.growAfter = 0;
    this.marks.clear();
    this.leases = new LeaseTable(capacity);
  }
}
