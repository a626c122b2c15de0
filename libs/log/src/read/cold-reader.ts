/**
 * Reads batches that are no longer in memory: from the segment files, asynchronously, into pooled buffers. Remembers
 * where its last reads ended, so that a reader that goes on from there needs no index.
 *
 * What must hold: only whole batches whose checksum is right are answered; a batch that is damaged ends the answer,
 * and when it is the first, the answer is an error. Indexes are hints: one that points to no batch is done without.
 */
import {
  BATCH_HEADER_BYTES,
  ErrorCode,
  batchBaseOffset,
  batchLastOffset,
  batchLeaderEpoch,
  batchSizeBytes,
  checkBatch,
} from '@tidemark/wire';
import type { LogResources } from '../log-resources.js';
import type { ReadOptions, ReadResult } from './read-result.js';
import { emptyRead, failedRead } from './read-results.js';
import type { Segment } from '../segment/segment.js';

const CURSORS_MAX = 16;
/** Read beyond what is asked for, because the index leads to a little before it. */
const SLACK_BYTES = 16 * 1024;
/** One answer holds no more, a single larger batch apart, however much is asked for. */
const READ_BYTES_MAX = 4 * 1024 * 1024;

interface Window {
  buffer: Uint8Array;
  filled: number;
  position: number;
}

/** What is known of the log besides the segment that is read. */
interface ReadableFiles {
  readonly resources: LogResources;
  readonly epochs: { epochAt(offset: number): number };
  readonly isSparse: boolean;
}

export class ColdReader {
  /** Next offset -> file position, of the last reads, oldest first. */
  private readonly cursors = new Map<number, { readonly segment: Segment; readonly position: number }>();

  private readonly resources: LogResources;

  constructor(private readonly files: ReadableFiles) {
    this.resources = files.resources;
  }

  /** Files were cut or dropped: positions are not what they were. */
  forget(): void {
    this.cursors.clear();
  }

  /** From the one segment that holds `from`; `upTo` is within it. */
  async read(segment: Segment, from: number, maxBytes: number, options: ReadOptions): Promise<ReadResult> {
    const file = segment.slot.pin();
    const start = this.startFor(segment, from);
    const length = Math.min(maxBytes, READ_BYTES_MAX, segment.writtenBytes - start) + SLACK_BYTES;
    const window: Window = { buffer: this.resources.buffers.take(length), filled: 0, position: 0 };
    let lent = false;
    try {
      let at = await this.find(segment, window, from, start);
      if (at === 'damaged' && start > 0) at = await this.find(segment, window, from, 0);
      if (at === 'damaged') return failedRead(ErrorCode.CORRUPT_MESSAGE, from);
      if (at === 'none') return emptyRead(from);
      const size = batchSizeBytes(window.buffer, at);
      if (size > maxBytes && !options.minOneBatch) return emptyRead(from);
      if (size > window.filled - at) {
        at = await this.refill(window, file, at, Math.max(size, maxBytes), segment.writtenBytes);
      }
      const result = this.answer(segment, window, at, { ...options, from, maxBytes });
      lent = result.bytes.length > 0;
      return result;
    } finally {
      if (!lent) this.resources.buffers.give(window.buffer);
      segment.slot.unpin();
    }
  }

  private startFor(segment: Segment, from: number): number {
    const cursor = this.cursors.get(from);
    return cursor?.segment === segment ? cursor.position : segment.offsetIndex.positionBefore(from);
  }

  /** Where in the window the batch begins that holds `from`, at least its header being there. */
  private async find(
    segment: Segment,
    window: Window,
    from: number,
    start: number,
  ): Promise<number | 'none' | 'damaged'> {
    const file = segment.slot.use('read');
    window.position = start;
    for (;;) {
      const length = Math.min(window.buffer.length, segment.writtenBytes - window.position);
      if (length <= 0) return 'none';
      window.filled = await file.read(window.buffer, 0, length, window.position);
      if (window.filled < BATCH_HEADER_BYTES) return 'damaged';
      let at = 0;
      while (window.filled - at >= BATCH_HEADER_BYTES) {
        if (!looksLikeBatch(window, at, segment)) return 'damaged';
        if (batchLastOffset(window.buffer, at) >= from)
          return this.isPlaced(window, at, from) ? at : 'damaged';
        at += batchSizeBytes(window.buffer, at);
      }
      window.position += at;
    }
  }

  /** Reads again from the batch at `at`, into a buffer of `length` bytes. */
  private async refill(
    window: Window,
    file: { read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> },
    at: number,
    length: number,
    writtenBytes: number,
  ): Promise<number> {
    this.resources.buffers.give(window.buffer);
    window.buffer = this.resources.buffers.take(length);
    window.position += at;
    window.filled = 0;
    const wanted = Math.min(length, writtenBytes - window.position);
    while (window.filled < wanted) {
      const { buffer, filled, position } = window;
      const count = await file.read(buffer, filled, wanted - filled, position + filled);
      if (count === 0) break;
      window.filled += count;
    }
    return 0;
  }

  private answer(
    segment: Segment,
    window: Window,
    start: number,
    limits: ReadOptions & { readonly from: number; readonly maxBytes: number },
  ): ReadResult {
    const { buffer, filled } = window;
    let at = start;
    let nextOffset = Math.min(limits.from, batchBaseOffset(buffer, start));
    while (filled - at >= BATCH_HEADER_BYTES) {
      const size = batchSizeBytes(buffer, at);
      if (size > filled - at || !looksLikeBatch(window, at, segment)) break;
      if (at + size - start > limits.maxBytes && !(limits.minOneBatch && at === start)) break;
      if (batchLastOffset(buffer, at) >= limits.upTo) break;
      if (checkBatch(buffer, at, size) !== undefined || !this.isPlaced(window, at, nextOffset)) {
        if (at === start) return failedRead(ErrorCode.CORRUPT_MESSAGE, limits.from);
        break;
      }
      nextOffset = batchLastOffset(buffer, at) + 1;
      at += size;
    }
    if (at === start) return emptyRead(limits.from);
    this.remember(nextOffset, segment, window.position + at);
    return this.lend(buffer, start, at, nextOffset);
  }

  /**
   * Whether a batch is where it belongs: neither its offset nor its epoch is covered by its checksum. `expected` is the
   * end of the batch before, or an offset that it should hold.
   */
  private isPlaced({ buffer }: Window, at: number, expected: number): boolean {
    const baseOffset = batchBaseOffset(buffer, at);
    if (baseOffset > expected && !this.files.isSparse) return false;
    if (batchLastOffset(buffer, at) < expected) return false;
    const epoch = this.files.epochs.epochAt(baseOffset);
    return epoch < 0 || epoch === batchLeaderEpoch(buffer, at);
  }

  private lend(buffer: Uint8Array, start: number, end: number, nextOffset: number): ReadResult {
    let lent = true;
    return {
      error: ErrorCode.NONE,
      bytes: buffer.subarray(start, end),
      nextOffset,
      release: () => {
        if (lent) this.resources.buffers.give(buffer);
        lent = false;
      },
    };
  }

  private remember(offset: number, segment: Segment, position: number): void {
    this.cursors.delete(offset);
    this.cursors.set(offset, { segment, position });
    if (this.cursors.size <= CURSORS_MAX) return;
    const [oldest] = this.cursors.keys();
    if (oldest !== undefined) this.cursors.delete(oldest);
  }
}

function looksLikeBatch(window: Window, at: number, segment: Segment): boolean {
  const size = batchSizeBytes(window.buffer, at);
  return size >= BATCH_HEADER_BYTES && window.position + at + size <= segment.writtenBytes;
}
