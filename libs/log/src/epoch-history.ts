/**
 * Which leader epoch began at which offset of a log: what followers and consumers compare their logs by (KIP-101).
 * Kept in `leader-epoch-checkpoint` beside the segments and rebuilt from batches where a crash cut it short.
 *
 * What must hold: epochs and start offsets both strictly ascend. Source: Kafka's `LeaderEpochFileCache`.
 */
import type { Disk } from '@tidemark/platform';
import { readCheckpoint, writeCheckpoint } from './directory/checkpoint.js';
import { LogError } from './log-error.js';

const FILE = 'leader-epoch-checkpoint';

interface Entry {
  readonly epoch: number;
  readonly startOffset: number;
}

export class EpochHistory {
  private entries: Entry[] = [];
  /** Differs from the file. */
  private dirty = false;

  constructor(
    private readonly disk: Disk,
    private readonly directory: string,
  ) {}

  /** Reads the file. One that is damaged counts as empty: the batches tell the same. */
  load(): void {
    this.entries = [];
    try {
      for (const line of readCheckpoint(this.disk, `${this.directory}/${FILE}`)) {
        const [, epoch, startOffset] = /^(\d{1,10}) (\d{1,16})$/.exec(line) ?? [];
        if (epoch === undefined || startOffset === undefined) {
          this.forget();
          return;
        }
        this.assign(Number(epoch), Number(startOffset));
      }
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      this.forget();
      return;
    }
    this.dirty = false;
  }

  /** Writes the file if it would differ. Throws DiskError. */
  save(): void {
    if (!this.dirty) return;
    const lines = this.entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`);
    writeCheckpoint(this.disk, `${this.directory}/${FILE}`, lines);
    this.dirty = false;
  }

  /** -1 before the first. */
  get latest(): number {
    return this.entries.at(-1)?.epoch ?? -1;
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** Epoch begins at `startOffset`; entries that contradict it go. An epoch that is known already begins where it did. */
  assign(epoch: number, startOffset: number): void {
    const last = this.entries.at(-1);
    if (last !== undefined && epoch <= last.epoch && startOffset >= last.startOffset) return;
    this.entries = this.entries.filter((entry) => entry.epoch < epoch && entry.startOffset < startOffset);
    this.entries.push({ epoch, startOffset });
    this.dirty = true;
  }

  /**
   * Where `epoch` ended in this log (L4): the start of the next higher epoch, or `logEnd` for the latest. With a lower
   * epoch than asked when that one is not known; (-1, -1) when it is higher than any.
   */
  endOf(epoch: number, logEnd: number): { leaderEpoch: number; endOffset: number } {
    const first = this.entries[0];
    if (epoch < 0 || first === undefined || epoch > this.latest) return { leaderEpoch: -1, endOffset: -1 };
    if (epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEnd };
    if (epoch < first.epoch) return { leaderEpoch: epoch, endOffset: first.startOffset };
    const next = this.entries.findIndex((entry) => entry.epoch > epoch);
    const found = this.entries[next - 1] ?? first;
    return { leaderEpoch: found.epoch, endOffset: this.entries[next]?.startOffset ?? logEnd };
  }

  /** The epoch of the batch at `offset`; -1 when not known. */
  epochAt(offset: number): number {
    return this.entries.findLast((entry) => entry.startOffset <= offset)?.epoch ?? -1;
  }

  /** The log begins anew at `offset`, where `epoch` led to; -1: nothing is known. */
  restart(epoch: number, offset: number): void {
    this.forget();
    if (epoch >= 0) this.assign(epoch, offset);
  }

  /** Where epochs begin, ascending. */
  startOffsets(): number[] {
    return this.entries.map(({ startOffset }) => startOffset);
  }

  /** Drops epochs that begin at or beyond `offset`. */
  truncateFromEnd(offset: number): void {
    const kept = this.entries.filter((entry) => entry.startOffset < offset);
    if (kept.length === this.entries.length) return;
    this.entries = kept;
    this.dirty = true;
  }

  /** The log begins at `offset`: epochs that ended before it go, the one at it begins there. */
  truncateFromStart(offset: number): void {
    const at = this.entries.findLastIndex((entry) => entry.startOffset <= offset);
    const found = this.entries[at];
    if (found === undefined || (at === 0 && found.startOffset === offset)) return;
    this.entries = [{ epoch: found.epoch, startOffset: offset }, ...this.entries.slice(at + 1)];
    this.dirty = true;
  }

  private forget(): void {
    this.entries = [];
    this.dirty = true;
  }
}
