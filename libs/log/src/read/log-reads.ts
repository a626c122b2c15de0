/**
 * The reading side of one log: from the tail ring while the offset is in memory, from the segment files otherwise.
 * Holds no offsets of its own; asks the log.
 */
import { ErrorCode } from '@tidemark/wire';
import { ColdReader } from './cold-reader.js';
import type { LogFiles } from '../log-files.js';
import type { ReadOptions, ReadResult } from './read-result.js';
import { emptyRead, failedRead } from './read-results.js';
import type { TailRing } from '../tail/tail-ring.js';
import { findByTime, type TimestampOffset } from './time-lookup.js';

/** What a read has to know of the log at this moment. */
export interface ReadableLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly failure: Error | undefined;
}

export class LogReads {
  private readonly cold: ColdReader;
  private changes = 0;

  constructor(
    private readonly files: LogFiles,
    private readonly ring: TailRing,
    /** Damage was met where a batch at or after this offset should be. */
    private readonly onCorrupt: (offset: number) => void,
  ) {
    this.cold = new ColdReader(files);
  }

  /** Files are about to be cut, dropped or replaced: what is being read from them may come out as anything. */
  forget(): void {
    this.changes += 1;
    this.cold.forget();
  }

  read(
    log: ReadableLog,
    from: number,
    maxBytes: number,
    options: ReadOptions,
  ): ReadResult | Promise<ReadResult> {
    if (log.failure !== undefined) return failedRead(ErrorCode.KAFKA_STORAGE_ERROR, from);
    if (from < log.logStartOffset || from > log.logEndOffset) {
      return failedRead(ErrorCode.OFFSET_OUT_OF_RANGE, from);
    }
    const upTo = Math.min(options.upTo, log.logEndOffset);
    if (from >= upTo) return emptyRead(from);
    if (this.isInMemory(from)) return this.readTail(log, from, maxBytes, { ...options, upTo });
    return this.readFile(from, maxBytes, { ...options, upTo });
  }

  bytesBetween(log: ReadableLog, from: number, upTo: number): number {
    if (from >= Math.min(upTo, log.logEndOffset)) return 0;
    if (this.isInMemory(from)) {
      const start = this.ring.positionOf(from);
      return this.ring.lengthBetween(start, this.ring.endWithin(start, Infinity, upTo, false));
    }
    const { segments } = this.files;
    const start = Math.max(segments.indexFor(from), 0);
    let bytes = -segments.at(start).offsetIndex.positionBefore(from);
    for (let index = start; index < segments.count && segments.at(index).baseOffset < upTo; index += 1) {
      bytes += segments.at(index).bytes;
    }
    return bytes;
  }

  async offsetForTimestamp(
    log: ReadableLog,
    timestamp: number,
    upTo: number,
  ): Promise<TimestampOffset | undefined> {
    const range = { from: log.logStartOffset, upTo };
    for (const segment of [...this.files.segments.all()]) {
      if (segment.baseOffset >= upTo || segment.maxTimestamp < timestamp) continue;
      const found = await findByTime(this.files.resources, segment, timestamp, range);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async offsetOfMaxTimestamp(log: ReadableLog): Promise<TimestampOffset | undefined> {
    let largest = -1;
    for (const segment of this.files.segments.all()) largest = Math.max(largest, segment.maxTimestamp);
    return largest < 0 ? undefined : this.offsetForTimestamp(log, largest, log.logEndOffset);
  }

  private isInMemory(offset: number): boolean {
    return !this.ring.isEmpty && offset >= this.ring.startOffset;
  }

  private readTail(log: ReadableLog, from: number, maxBytes: number, options: ReadOptions): ReadResult {
    const start = this.ring.positionOf(from);
    const to = this.ring.endWithin(start, maxBytes, options.upTo, options.minOneBatch);
    if (to === start) return emptyRead(from);
    const { bytes, end, release } = this.ring.lease(start, to);
    const nextOffset = this.ring.offsetAt(end, log.logEndOffset);
    return { error: ErrorCode.NONE, bytes, nextOffset, release };
  }

  /** From one segment; the next read goes on in the next one. Past a gap that compaction left, at once. */
  private async readFile(from: number, maxBytes: number, options: ReadOptions): Promise<ReadResult> {
    const { segments } = this.files;
    const { changes } = this;
    try {
      for (let index = Math.max(segments.indexFor(from), 0); index < segments.count; index += 1) {
        const segment = segments.at(index);
        if (segment.baseOffset >= options.upTo) break;
        const result = await this.cold.read(segment, from, maxBytes, options);
        const isOutOfDate = this.changes !== changes || segment.deleted;
        if (result.error === ErrorCode.CORRUPT_MESSAGE) {
          // The next read finds out what is there now.
          if (isOutOfDate) return emptyRead(from);
          this.onCorrupt(from);
        }
        const skips =
          result.bytes.length === 0 && result.error === ErrorCode.NONE && index + 1 < segments.count;
        if (!skips || !options.minOneBatch) return result;
        // Other segments are there now, at other places in the list.
        if (isOutOfDate) return await this.readFile(from, maxBytes, options);
      }
      return emptyRead(from);
    } catch {
      // The disk refused; the next read may fare better, and appends will find out for themselves.
      return failedRead(ErrorCode.KAFKA_STORAGE_ERROR, from);
    }
  }
}
