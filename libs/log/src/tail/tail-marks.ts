/**
 * Where in a tail ring some offsets are: one mark per few KiB, so that a look-up is a binary search and a short walk.
 * A queue in two arrays: added at the end, dropped from both ends.
 */

const DISTANCE_BYTES = 4096;
const INITIAL_MARKS = 64;
const NONE = new Float64Array(0);

export class TailMarks {
  private offsets = NONE;
  private positions = NONE;
  private first = 0;
  private count = 0;
  private lastPosition = -DISTANCE_BYTES;

  add(offset: number, position: number): void {
    if (position - this.lastPosition < DISTANCE_BYTES) return;
    if (this.count === this.offsets.length) this.grow();
    const slot = (this.first + this.count) % this.offsets.length;
    this.offsets[slot] = offset;
    this.positions[slot] = position;
    this.count += 1;
    this.lastPosition = position;
  }

  dropBefore(position: number): void {
    while (this.count > 0 && this.positionOf(0) < position) {
      this.first = (this.first + 1) % this.offsets.length;
      this.count -= 1;
    }
  }

  dropFrom(position: number): void {
    while (this.count > 0 && this.positionOf(this.count - 1) >= position) this.count -= 1;
    this.lastPosition = this.count > 0 ? this.positionOf(this.count - 1) : position - DISTANCE_BYTES;
  }

  clear(): void {
    this.count = 0;
    this.lastPosition = -DISTANCE_BYTES;
  }

  /** Position of the last mark at or below `offset`, or `otherwise`. */
  positionAtOrBefore(offset: number, otherwise: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if ((this.offsets[(this.first + middle) % this.offsets.length] ?? 0) <= offset) low = middle + 1;
      else high = middle - 1;
    }
    return high < 0 ? otherwise : this.positionOf(high);
  }

  /** Position of the last mark at or below `position`, or `otherwise`. */
  markAtOrBefore(position: number, otherwise: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.positionOf(middle) <= position) low = middle + 1;
      else high = middle - 1;
    }
    return high < 0 ? otherwise : this.positionOf(high);
  }

  private positionOf(index: number): number {
    return this.positions[(this.first + index) % this.positions.length] ?? 0;
  }

  private grow(): void {
    const room = Math.max(INITIAL_MARKS, this.offsets.length * 2);
    const offsets = new Float64Array(room);
    const positions = new Float64Array(room);
    for (let index = 0; index < this.count; index += 1) {
      const slot = (this.first + index) % this.offsets.length;
      offsets[index] = this.offsets[slot] ?? 0;
      positions[index] = this.positions[slot] ?? 0;
    }
    this.offsets = offsets;
    this.positions = positions;
    this.first = 0;
  }
}
