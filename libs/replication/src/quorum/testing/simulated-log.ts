/**
 * A log in memory that knows what a disk knows: what was forced to it survives a crash, of the rest a part may. Each
 * entry carries a hash of everything up to it, so that two logs are compared by one number.
 */
import type { EpochEnd, LogView } from '../log-view.js';

/** An epoch and where its records begin, ascending in both. */
interface EpochStart {
  readonly epoch: number;
  readonly startOffset: number;
}

export interface Entry {
  readonly epoch: number;
  readonly value: number;
  /** Of this entry and all before it. */
  readonly chain: number;
}

export class SimulatedLog implements LogView {
  readonly startOffset: number = 0;
  readonly startEpoch: number = 0;
  readonly snapshot: EpochEnd | undefined = undefined;
  entries: Entry[] = [];
  flushedOffset = 0;
  private history: EpochStart[] = [];
  /** Up to where the flush under way will have forced to disk; a truncation lowers it. */
  private flushing: number | undefined;

  get endOffset(): number {
    return this.entries.length;
  }

  get lastEpoch(): number {
    return this.entries.at(-1)?.epoch ?? 0;
  }

  endOffsetForEpoch(epoch: number): EpochEnd {
    return endOffsetForEpochIn(this.history, this.endOffset, epoch);
  }

  append(epoch: number, value: number): Entry {
    const before = this.entries.at(-1)?.chain ?? 17;
    const chain =
      (Math.imul(Math.imul(before, 31) + epoch, 16777619) ^ Math.imul(value + 1, 0x9e3779b1)) >>> 0;
    const entry = { epoch, value, chain };
    if (epoch > (this.history.at(-1)?.epoch ?? 0)) this.history.push({ epoch, startOffset: this.endOffset });
    this.entries.push(entry);
    return entry;
  }

  truncate(offset: number): void {
    this.entries.length = Math.min(offset, this.entries.length);
    this.history = this.history.filter(({ startOffset }) => startOffset < this.entries.length);
    this.flushedOffset = Math.min(this.flushedOffset, offset);
    if (this.flushing !== undefined) this.flushing = Math.min(this.flushing, offset);
  }

  /** False when one is under way. */
  beginFlush(): boolean {
    if (this.flushing !== undefined) return false;
    this.flushing = this.endOffset;
    return true;
  }

  endFlush(): void {
    this.flushedOffset = Math.max(this.flushedOffset, this.flushing ?? 0);
    this.flushing = undefined;
  }

  /** What is not forced to disk is lost but for the first `kept` entries of it. */
  crash(kept: number): void {
    this.flushing = undefined;
    this.truncate(Math.min(this.endOffset, this.flushedOffset + kept));
    // After a restart what is found on the disk is forced to it before it counts.
  }
}

/** A log on the disk with one entry for each of `epochs`. */
export function logOf(epochs: readonly number[]): SimulatedLog {
  const log = new SimulatedLog();
  epochs.forEach((epoch, offset) => log.append(epoch, offset));
  log.flushedOffset = log.endOffset;
  return log;
}

function endOffsetForEpochIn(history: readonly EpochStart[], endOffset: number, asked: number): EpochEnd {
  const next = history.findIndex(({ epoch }) => epoch > asked);
  const found = next < 0 ? history.at(-1) : history[next - 1];
  if (found === undefined) return { epoch: asked, endOffset: history[0]?.startOffset ?? endOffset };
  return { epoch: found.epoch, endOffset: next < 0 ? endOffset : (history[next]?.startOffset ?? endOffset) };
}
