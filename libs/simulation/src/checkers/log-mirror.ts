/**
 * What is in the logs on a machine's disk, read from the bytes of its files and not from the broker that wrote them: a
 * second opinion. Holds for each partition the batches of its segments in order, and how far its content was found to
 * agree with what is committed. Brought in step after each step of the machine, at the cost of what changed.
 */
import {
  BATCH_HEADER_BYTES,
  batchBaseOffset,
  batchCrc,
  batchLastOffset,
  batchLeaderEpoch,
  batchSizeBytes,
} from '@tidemark/wire';
import type { DiskImage } from '../doors/disk-image.js';
import type { StoredFile } from '../doors/stored-file.js';

export interface MirroredBatch {
  readonly base: number;
  readonly last: number;
  readonly epoch: number;
  readonly crc: number;
  /** Where it ends in its file. */
  readonly endsAt: number;
  readonly segment: MirroredSegment;
}

export interface MirroredSegment {
  readonly base: number;
  readonly file: StoredFile;
}

export class ReplicaMirror {
  segments: readonly MirroredSegment[] = [];
  batches: MirroredBatch[] = [];
  /** Everything below agrees with what is committed. */
  verifiedEnd = 0;
  /** The log was cut or overwritten below this since it was last asked; Infinity: it was not. */
  cutTo = Infinity;
  /** Segments begun since it was last asked. */
  rolls = 0;
  /** The log began anew behind its end, or on an empty disk not at 0: a snapshot took the place of the rest. */
  begunAnew = 0;

  constructor(
    readonly node: number,
    /** `topic-partition`. */
    readonly key: string,
  ) {}

  /** The offset after the last whole batch. */
  get end(): number {
    return (this.batches[this.batches.length - 1]?.last ?? -1) + 1;
  }

  /** The first offset that is there. */
  get start(): number {
    return this.batches[0]?.base ?? this.segments[0]?.base ?? 0;
  }

  /** The offset below which no power loss takes anything. */
  get durableEnd(): number {
    let end = this.start;
    for (const segment of this.segments) {
      const durable = segment.file.durablePrefix;
      const index = this.firstOf(segment);
      for (let at = index; this.batches[at]?.segment === segment; at += 1) {
        const batch = this.batches[at];
        if (batch === undefined || batch.endsAt > durable) return end;
        end = batch.last + 1;
      }
    }
    return end;
  }

  /** The index of the first batch that ends behind `offset`. */
  indexFor(offset: number): number {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.batches[middle]?.last ?? Infinity) >= offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Reads the segments anew from the first of them that differs from what was there. */
  take(segments: readonly MirroredSegment[]): void {
    const start = segments[0]?.base ?? 0;
    if (start > this.end) this.begunAnew += 1;
    // What retention or a snapshot took from the front is no cut.
    const dropped = this.segments.filter(
      ({ base, file }) => base < start && !segments.some((one) => one.file === file),
    );
    const known = this.segments.filter((segment) => !dropped.includes(segment));
    if (dropped.length > 0) this.batches = this.batches.filter(({ segment }) => !dropped.includes(segment));
    if (known.length > 0 && segments.length > known.length) this.rolls += 1;
    this.segments = segments;
    const same = segments.findIndex(({ file }, index) => known[index]?.file !== file);
    const from = same < 0 ? segments.length : same;
    const gone = known[from];
    if (gone !== undefined) this.cut(this.batches.findIndex(({ segment }) => segment.base >= gone.base));
    for (const segment of segments.slice(from)) this.read(segment, 0);
  }

  /** A file was changed from a position on. */
  reread(file: StoredFile): void {
    const index = this.segments.findIndex((segment) => segment.file === file);
    const segment = this.segments[index];
    if (segment === undefined) return;
    const from = file.changedFrom;
    file.changedFrom = Infinity;
    let at = this.batches.length;
    while (at > 0 && this.isBehind(this.batches[at - 1], index, from)) at -= 1;
    const previous = this.batches[at - 1];
    this.cut(at);
    this.read(segment, previous?.segment === segment ? previous.endsAt : 0);
    for (const later of this.segments.slice(index + 1)) this.read(later, 0);
  }

  private isBehind(batch: MirroredBatch | undefined, index: number, from: number): boolean {
    if (batch === undefined) return false;
    const own = this.segments[index];
    return batch.segment === own ? batch.endsAt > from : batch.segment.base > (own?.base ?? 0);
  }

  private firstOf(segment: MirroredSegment | undefined): number {
    if (segment === undefined) return this.batches.length;
    return this.indexFor(segment.base);
  }

  private cut(index: number): void {
    const first = this.batches[index];
    if (first === undefined) return;
    this.cutTo = Math.min(this.cutTo, first.base);
    this.verifiedEnd = Math.min(this.verifiedEnd, first.base);
    this.batches.length = index;
  }

  private read(segment: MirroredSegment, from: number): void {
    const { content, size } = segment.file;
    segment.file.changedFrom = Infinity;
    let at = from;
    while (at + BATCH_HEADER_BYTES <= size) {
      const length = batchSizeBytes(content, at);
      if (length < BATCH_HEADER_BYTES || at + length > size) break;
      const base = batchBaseOffset(content, at);
      if (base < this.end || base < segment.base) break;
      this.batches.push({
        base,
        last: batchLastOffset(content, at),
        epoch: batchLeaderEpoch(content, at),
        crc: batchCrc(content, at),
        endsAt: at + length,
        segment,
      });
      at += length;
    }
  }
}

/** All partitions on one machine. */
export class DiskMirror {
  readonly replicas = new Map<string, ReplicaMirror>();
  private namesSeen = -1;
  private byFile = new Map<StoredFile, ReplicaMirror>();

  constructor(
    readonly node: number,
    private readonly image: DiskImage,
    private readonly directory: string,
  ) {}

  of(key: string): ReplicaMirror | undefined {
    return this.replicas.get(key);
  }

  /** Partitions whose content changed since the last call; most often none. */
  follow(): readonly ReplicaMirror[] {
    const { image } = this;
    if (image.changed.size === 0 && image.namesVersion === this.namesSeen) return NONE;
    const touched = new Set<ReplicaMirror>();
    if (image.namesVersion !== this.namesSeen) {
      this.namesSeen = image.namesVersion;
      this.list(touched);
    }
    for (const file of image.changed) {
      const replica = this.byFile.get(file);
      if (replica === undefined) continue;
      if (file.changedFrom < Infinity) replica.reread(file);
      touched.add(replica);
    }
    image.changed.clear();
    return [...touched];
  }

  private list(touched: Set<ReplicaMirror>): void {
    const segments = new Map<string, MirroredSegment[]>();
    this.byFile = new Map();
    for (const { path, file } of this.image.filesBelow(this.directory, '.log')) {
      const match = /\/([^/]+-\d+)\/(\d{20})\.log$/.exec(path);
      if (match?.[1] === undefined) continue;
      const known = this.replicas.get(match[1])?.segments.find((segment) => segment.file === file);
      const list = segments.get(match[1]) ?? [];
      list.push(known ?? { base: Number(match[2]), file });
      segments.set(match[1], list);
    }
    for (const key of new Set([...this.replicas.keys(), ...segments.keys()])) {
      let replica = this.replicas.get(key);
      if (replica === undefined) {
        replica = new ReplicaMirror(this.node, key);
        this.replicas.set(key, replica);
      }
      const list = segments.get(key) ?? [];
      for (const { file } of list) this.byFile.set(file, replica);
      if (same(list, replica.segments)) continue;
      replica.take(list);
      touched.add(replica);
    }
  }
}

const NONE: readonly ReplicaMirror[] = [];

const same = (one: readonly MirroredSegment[], other: readonly MirroredSegment[]): boolean =>
  one.length === other.length && one.every((segment, index) => segment === other[index]);
