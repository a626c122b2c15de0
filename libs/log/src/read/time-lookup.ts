/**
 * Finds records by time: the segment by its largest timestamp, the place in it by the time index, the batch by its
 * header, the record by walking over the batch (L2). Asynchronous, from the files; called for ListOffsets.
 */
import {
  BATCH_HEADER_BYTES,
  CompressionError,
  DECOMPRESSED_BYTES_MAX,
  RecordCursor,
  batchBaseOffset,
  batchBaseTimestamp,
  batchLastOffset,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchSizeBytes,
  isLogAppendTime,
  recordsOf,
} from '@tidemark/wire';
import type { DiskFile } from '@tidemark/platform';
import type { LogResources } from '../log-resources.js';
import type { Segment } from '../segment/segment.js';

const BLOCK_BYTES = 64 * 1024;

export interface TimestampOffset {
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** The first record of `segment` at or above `from` and below `upTo` with a timestamp of at least `timestamp`. */
export async function findByTime(
  resources: LogResources,
  segment: Segment,
  timestamp: number,
  range: { readonly from: number; readonly upTo: number },
): Promise<TimestampOffset | undefined> {
  if (segment.writtenBytes === 0) return undefined;
  const file = segment.slot.pin();
  const buffer = resources.buffers.take(BLOCK_BYTES);
  try {
    const hint = Math.max(segment.timeIndex.offsetBefore(timestamp), range.from);
    let position = segment.offsetIndex.positionBefore(hint);
    while (segment.writtenBytes - position >= BATCH_HEADER_BYTES) {
      const filled = await file.read(
        buffer,
        0,
        Math.min(buffer.length, segment.writtenBytes - position),
        position,
      );
      let at = 0;
      while (filled - at >= BATCH_HEADER_BYTES) {
        const size = batchSizeBytes(buffer, at);
        if (size < BATCH_HEADER_BYTES || batchBaseOffset(buffer, at) >= range.upTo) return undefined;
        const candidate =
          batchMaxTimestamp(buffer, at) >= timestamp && batchLastOffset(buffer, at) >= range.from;
        if (candidate) {
          const batch = await whole(file, buffer, at, { filled, position });
          const found = findInBatch(batch, timestamp, range);
          if (found !== undefined) return found;
        }
        at += size;
      }
      if (filled < BATCH_HEADER_BYTES) return undefined;
      position += at;
    }
    return undefined;
  } finally {
    resources.buffers.give(buffer);
    segment.slot.unpin();
  }
}

/** The batch at `at`, read on its own when the buffer has only its beginning. */
async function whole(
  file: DiskFile,
  buffer: Uint8Array,
  at: number,
  window: { readonly filled: number; readonly position: number },
): Promise<Uint8Array> {
  const size = batchSizeBytes(buffer, at);
  if (size <= window.filled - at) return buffer.subarray(at, at + size);
  const batch = new Uint8Array(size);
  const count = await file.read(batch, 0, size, window.position + at);
  return batch.subarray(0, count);
}

function findInBatch(
  batch: Uint8Array,
  timestamp: number,
  range: { readonly from: number; readonly upTo: number },
): TimestampOffset | undefined {
  if (batch.length < BATCH_HEADER_BYTES || batch.length < batchSizeBytes(batch, 0)) return undefined;
  const baseOffset = batchBaseOffset(batch, 0);
  const leaderEpoch = batchLeaderEpoch(batch, 0);
  if (isLogAppendTime(batch, 0)) {
    const offset = Math.max(baseOffset, range.from);
    return offset < range.upTo ? { timestamp: batchMaxTimestamp(batch, 0), offset, leaderEpoch } : undefined;
  }
  const records = recordsOrNothing(batch);
  if (records === undefined)
    return { timestamp: batchMaxTimestamp(batch, 0), offset: baseOffset, leaderEpoch };
  const cursor = new RecordCursor();
  cursor.reset(records, 0, records.length);
  const baseTimestamp = batchBaseTimestamp(batch, 0);
  while (cursor.next()) {
    const offset = baseOffset + cursor.offsetDelta;
    if (offset < range.from || baseTimestamp + cursor.timestampDelta < timestamp) continue;
    if (offset >= range.upTo) return undefined;
    return { timestamp: baseTimestamp + cursor.timestampDelta, offset, leaderEpoch };
  }
  return undefined;
}

/** Nothing when this Node cannot decompress them, or nobody can; then the whole batch stands for its records. */
function recordsOrNothing(batch: Uint8Array): Uint8Array | undefined {
  try {
    return recordsOf(batch, 0, DECOMPRESSED_BYTES_MAX);
  } catch (error) {
    if (error instanceof CompressionError) return undefined;
    throw error;
  }
}
