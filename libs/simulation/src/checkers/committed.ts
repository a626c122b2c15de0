/**
 * What is committed, once and for all: for each partition the batches below the highest high watermark that any replica
 * ever had. The first to commit decides, and nobody may disagree. Holds that list for each partition. Fed by the
 * invariants when a high watermark moves; asked by them when a replica leads, joins or was cut.
 */
import type { MirroredBatch, ReplicaMirror } from './log-mirror.js';
import { hold } from './violation.js';

export interface CommittedBatch extends Pick<MirroredBatch, 'base' | 'last' | 'epoch' | 'crc'> {
  /** The epoch of the leader whose high watermark showed it first. */
  readonly committedIn: number;
  readonly committedAt: number;
}

export class CommittedLog {
  readonly batches: CommittedBatch[] = [];
  /** By base offset. */
  private readonly byBase = new Map<number, CommittedBatch>();

  constructor(readonly key: string) {}

  get end(): number {
    return (this.batches[this.batches.length - 1]?.last ?? -1) + 1;
  }

  at(base: number): CommittedBatch | undefined {
    return this.byBase.get(base);
  }

  /** Where what was committed in epochs before `epoch` ends. */
  endBefore(epoch: number): number {
    for (let index = this.batches.length - 1; index >= 0; index -= 1) {
      const batch = this.batches[index];
      if (batch !== undefined && batch.committedIn < epoch) return batch.last + 1;
    }
    return 0;
  }

  /** A replica says that all below `highWatermark` is committed. */
  commit(
    mirror: ReplicaMirror,
    { highWatermark, epoch, now }: { highWatermark: number; epoch: number; now: number },
  ): void {
    this.verify(mirror, Math.min(highWatermark, this.end));
    if (highWatermark <= this.end) return;
    for (let index = mirror.indexFor(this.end); ; index += 1) {
      const batch = mirror.batches[index];
      if (batch === undefined || batch.last >= highWatermark) break;
      const { base, last, crc } = batch;
      const committed = { base, last, epoch: batch.epoch, crc, committedIn: epoch, committedAt: now };
      this.batches.push(committed);
      this.byBase.set(base, committed);
    }
    const { end, key } = this;
    hold(end === highWatermark, 'I5', () => {
      return `${key}: broker ${mirror.node} commits up to ${highWatermark}, but has written up to ${mirror.end}`;
    });
    mirror.verifiedEnd = end;
  }

  /** The replica has everything below `upTo` that is committed, and nothing else there. */
  verify(mirror: ReplicaMirror, upTo: number): void {
    const from = Math.max(mirror.verifiedEnd, mirror.start);
    if (from >= upTo) return;
    let theirs = mirror.indexFor(from);
    for (let ours = this.indexFor(from); ; ours += 1, theirs += 1) {
      const expected = this.batches[ours];
      if (expected === undefined || expected.last >= upTo) break;
      const found = mirror.batches[theirs];
      hold(found !== undefined && agrees(found, expected), 'I5', () => {
        const there = found === undefined ? 'nothing' : describe(found);
        return `${this.key}: broker ${mirror.node} has ${there}, committed is ${describe(expected)}`;
      });
      mirror.verifiedEnd = expected.last + 1;
    }
  }

  /** Whether the replica has all that is committed below `upTo`. */
  isHeldBy(mirror: ReplicaMirror | undefined, upTo = this.end): boolean {
    if (mirror === undefined) return upTo === 0;
    // What retention or a snapshot took from the front was there.
    mirror.verifiedEnd = Math.max(mirror.verifiedEnd, mirror.start);
    if (mirror.verifiedEnd >= upTo) return true;
    let theirs = mirror.indexFor(mirror.verifiedEnd);
    for (let ours = this.indexFor(mirror.verifiedEnd); ; ours += 1, theirs += 1) {
      const expected = this.batches[ours];
      if (expected === undefined || expected.last >= upTo) return true;
      const found = mirror.batches[theirs];
      if (found === undefined || !agrees(found, expected)) return false;
      mirror.verifiedEnd = expected.last + 1;
    }
  }

  private indexFor(offset: number): number {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.batches[middle]?.last ?? Infinity) >= offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const agrees = (one: Pick<MirroredBatch, 'base' | 'last' | 'epoch' | 'crc'>, other: typeof one): boolean =>
  one.base === other.base && one.last === other.last && one.epoch === other.epoch && one.crc === other.crc;

const describe = ({ base, last, epoch, crc }: Parameters<typeof agrees>[0]): string =>
  `${base}..${last} of epoch ${epoch} (${crc.toString(16)})`;
