/**
 * The segments of one log, ascending by base offset; the last is the active one, which is appended to. Only the list
 * and the sums over it; files are the segments' own matter.
 *
 * What must hold: there is always an active segment; an offset at or above the first base belongs to exactly one.
 */
import { assert } from '@tidemark/platform';
import type { Segment } from './segment.js';

export class Segments {
  private readonly list: Segment[];

  constructor(segments: readonly Segment[]) {
    assert(segments.length > 0, 'a log has a segment');
    this.list = [...segments];
  }

  get active(): Segment {
    return this.at(this.list.length - 1);
  }

  get first(): Segment {
    return this.at(0);
  }

  get count(): number {
    return this.list.length;
  }

  at(index: number): Segment {
    const segment = this.list[index];
    assert(segment !== undefined, `no segment ${index}`);
    return segment;
  }

  all(): readonly Segment[] {
    return this.list;
  }

  /** Index of the segment that holds `offset`; -1 below the first. */
  indexFor(offset: number): number {
    let low = 0;
    let high = this.list.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).baseOffset <= offset) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  get bytes(): number {
    let sum = 0;
    for (const segment of this.list) sum += segment.bytes;
    return sum;
  }

  /** One past the last offset that segment `index` may hold; of the active one it is `logEnd`. */
  endOf(index: number, logEnd: number): number {
    return index + 1 < this.list.length ? this.at(index + 1).baseOffset : logEnd;
  }

  add(segment: Segment): void {
    assert(segment.baseOffset > this.active.baseOffset, 'segments ascend');
    this.list.push(segment);
  }

  /** Takes the first `count` off the list; the active one stays. */
  removeFirst(count: number): Segment[] {
    assert(count < this.list.length, 'the active segment stays');
    return this.list.splice(0, count);
  }

  /** Takes all from index `from` on off the list. */
  removeFrom(from: number): Segment[] {
    return this.list.splice(from);
  }

  /** Puts one in the place of `group`, which lies together. */
  replaceGroup(group: readonly Segment[], segment: Segment): void {
    const [first] = group;
    const at = first === undefined ? -1 : this.list.indexOf(first);
    assert(at >= 0 && at + group.length < this.list.length, 'a group lies before the active segment');
    this.list.splice(at, group.length, segment);
  }

  replaceAll(segment: Segment): void {
    this.list.splice(0, this.list.length, segment);
  }
}
