/**
 * One file as a machine has it: what programs see (the page cache) and what a power loss leaves (forced to disk, and by
 * luck some of the rest). Holds both contents, which bytes differ, and where it was changed since a checker last looked.
 * Used by the disk image; knows no name, because names are the directory's.
 */
import type { SeededRandom } from './seeded-random.js';

const INITIAL_BYTES = 256;

interface Range {
  from: number;
  to: number;
}

/** A sync under way: what it will have made durable when it is done. */
export interface FileSync {
  readonly from: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

export class StoredFile {
  readonly kind = 'file';
  content = new Uint8Array(INITIAL_BYTES);
  size = 0;
  durable = new Uint8Array(0);
  durableSize = 0;
  /** Everything in front of it is as the checker saw it last. */
  changedFrom = 0;
  /** Differs between cache and disk; what a sync under way has taken is still in it. */
  private readonly dirty: Range = { from: Infinity, to: 0 };
  /** Written since the last sync began. */
  private readonly fresh: Range = { from: Infinity, to: 0 };

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position));
    if (count > 0) target.set(this.content.subarray(position, position + count), offset);
    return count;
  }

  write(source: Uint8Array, offset: number, length: number, position: number): void {
    const end = position + length;
    this.reserve(end);
    this.content.set(source.subarray(offset, offset + length), position);
    // A hole reads as zeros.
    if (position > this.size) this.content.fill(0, this.size, position);
    this.touch(Math.min(position, this.size), end);
    this.size = Math.max(this.size, end);
  }

  truncate(length: number): void {
    if (length > this.size) {
      this.reserve(length);
      this.content.fill(0, this.size, length);
    }
    this.touch(Math.min(length, this.size), Math.max(length, this.size));
    this.size = length;
  }

  /** Bytes at the beginning that a power loss cannot take. */
  get durablePrefix(): number {
    return Math.min(this.dirty.from, this.durableSize);
  }

  beginSync(): FileSync {
    const from = Math.min(this.fresh.from, this.size);
    const to = Math.min(this.fresh.to, this.size);
    this.fresh.from = Infinity;
    this.fresh.to = 0;
    return { from, bytes: this.content.slice(from, Math.max(from, to)), size: this.size };
  }

  /** What no sync has made durable is written by the next one: another process begins to use the file. */
  reopen(): void {
    this.fresh.from = this.dirty.from;
    this.fresh.to = this.dirty.to;
  }

  endSync({ from, bytes, size }: FileSync): void {
    if (this.durable.length < size) {
      const larger = new Uint8Array(Math.max(size, this.durable.length * 2));
      larger.set(this.durable.subarray(0, this.durableSize));
      this.durable = larger;
    }
    if (size < this.durableSize) this.durable.fill(0, size, this.durableSize);
    this.durable.set(bytes, from);
    this.durableSize = size;
    this.dirty.from = this.fresh.from;
    this.dirty.to = this.fresh.to;
  }

  /**
   * After a power loss: what was forced to disk, and of what was not, nothing, all, or a part that ends anywhere; what
   * is behind the end of that part may be zeros (a file system that had the length but not the bytes).
   */
  losePower(random: SeededRandom): void {
    const kept = this.durable.slice(0, this.durableSize);
    const { from, to } = this.dirty;
    if (from >= to && this.size === this.durableSize) return;
    if (random.chance(0.8)) {
      const all = random.chance(0.25);
      const cut = all ? to : from + random.below(Math.max(1, to - from + 1));
      this.mix(kept, Math.min(cut, this.size), all, random);
    } else this.replace(kept, kept.length);
    this.changedFrom = 0;
    this.durable = this.content.slice(0, this.size);
    this.durableSize = this.size;
    this.dirty.from = this.fresh.from = Infinity;
    this.dirty.to = this.fresh.to = 0;
  }

  /** One bit becomes another, in the cache and on the disk. */
  flipBit(position: number, bit: number): void {
    this.content[position] = (this.content[position] ?? 0) ^ (1 << bit);
    if (position < this.durableSize) this.durable[position] = this.content[position] ?? 0;
    this.changedFrom = Math.min(this.changedFrom, position);
  }

  private mix(kept: Uint8Array, cut: number, all: boolean, random: SeededRandom): void {
    const zeros = !all && cut < this.size && random.chance(0.15);
    const length = all || zeros ? this.size : Math.max(Math.min(kept.length, this.size), cut);
    const mixed = new Uint8Array(Math.max(INITIAL_BYTES, length));
    mixed.set(kept.subarray(0, Math.min(kept.length, length)));
    mixed.set(this.content.subarray(0, Math.min(cut, length)));
    this.replace(mixed, length);
  }

  private replace(content: Uint8Array<ArrayBuffer>, size: number): void {
    this.content = content.length === 0 ? new Uint8Array(INITIAL_BYTES) : content;
    this.size = size;
  }

  private touch(from: number, to: number): void {
    for (const range of [this.dirty, this.fresh]) {
      if (from < range.from) range.from = from;
      if (to > range.to) range.to = to;
    }
    if (from < this.changedFrom) this.changedFrom = from;
  }

  private reserve(size: number): void {
    if (size <= this.content.length) return;
    const larger = new Uint8Array(Math.max(size, this.content.length * 2));
    larger.set(this.content.subarray(0, this.size));
    this.content = larger;
  }
}
