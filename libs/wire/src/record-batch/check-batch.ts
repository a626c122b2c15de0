/**
 * Whether bytes are a record batch that may be stored: size, format, checksum and counts from the header, and that the
 * records are as many and as long as they claim. Nothing is decoded and nothing made, but that a compressed batch is
 * unpacked to be looked at: whoever reads it could not go on behind one that lies. Called by the log for every batch
 * from outside, and by recovery for every batch on disk (header and checksum only).
 *
 * What must hold: whatever the bytes, nothing outside of [at, at + available) is read; the work is bounded by it, and
 * by `DECOMPRESSED_BYTES_MAX`.
 */
import {
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  batchBaseOffset,
  batchCodec,
  batchCrc,
  batchLastOffsetDelta,
  batchMagic,
  batchRecordsCount,
  batchSizeBytes,
  computeBatchCrc,
} from './batch-header.js';
import { CompressionError } from './compression-error.js';
import { Codec } from './compression.js';
import { RecordCursor } from './record-cursor.js';
import { DECOMPRESSED_BYTES_MAX, recordsOf } from './records.js';

export type BatchFault =
  /** Fewer bytes than the batch says it has: torn, or cut by a limit. */
  | 'truncated'
  /** A length that no batch can have. */
  | 'bad-length'
  | 'bad-magic'
  | 'bad-crc'
  /** Count, last offset delta or record lengths contradict each other. */
  | 'bad-records'
  | 'bad-codec';

/** Size, format, checksum: what recovery asks of a stored batch. Nothing wrong: undefined. */
export function checkBatch(bytes: Uint8Array, at: number, available: number): BatchFault | undefined {
  if (available < BATCH_HEADER_BYTES) return 'truncated';
  const size = batchSizeBytes(bytes, at);
  if (size < BATCH_HEADER_BYTES) return 'bad-length';
  if (batchMagic(bytes, at) !== BATCH_MAGIC) return 'bad-magic';
  if (size > available) return 'truncated';
  if (computeBatchCrc(bytes, at) !== batchCrc(bytes, at)) return 'bad-crc';
  if (batchLastOffsetDelta(bytes, at) < 0 || batchRecordsCount(bytes, at) < 0) return 'bad-records';
  return batchBaseOffset(bytes, at) < 0 ? 'bad-records' : undefined;
}

/** What was learnt of the records on the way; kept by the caller and filled anew by each check. */
export interface RecordScan {
  /** Largest timestamp of all records minus the batch's base timestamp; undefined when they were not looked at. */
  timestampDeltaMax: number | undefined;
}

/** What a producer may send besides: records count from 1, offsets without gaps, a known codec. */
export function checkProducedBatch(
  bytes: Uint8Array,
  at: number,
  available: number,
  scan?: RecordScan,
): BatchFault | undefined {
  if (scan !== undefined) scan.timestampDeltaMax = undefined;
  const fault = checkBatch(bytes, at, available);
  if (fault !== undefined) return fault;
  const count = batchRecordsCount(bytes, at);
  if (count < 1 || batchLastOffsetDelta(bytes, at) !== count - 1) return 'bad-records';
  const codec = batchCodec(bytes, at);
  if (codec > Codec.ZSTD) return 'bad-codec';
  if (codec !== Codec.NONE) return checkCompressed(bytes, at, scan);
  const start = at + BATCH_HEADER_BYTES;
  const timestampDeltaMax = scanRecords(bytes, start, at + batchSizeBytes(bytes, at), count);
  if (timestampDeltaMax === undefined) return 'bad-records';
  if (scan !== undefined) scan.timestampDeltaMax = timestampDeltaMax;
  return undefined;
}

function checkCompressed(bytes: Uint8Array, at: number, scan?: RecordScan): BatchFault | undefined {
  try {
    const records = recordsOf(bytes, at, DECOMPRESSED_BYTES_MAX);
    const timestampDeltaMax = scanRecords(records, 0, records.length, batchRecordsCount(bytes, at));
    if (timestampDeltaMax === undefined) return 'bad-records';
    if (scan !== undefined) scan.timestampDeltaMax = timestampDeltaMax;
    return undefined;
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    // What this process cannot unpack (zstd, on an older Node) is stored as it came.
    return error.code === 'unsupported' ? undefined : 'bad-records';
  }
}

const cursor = new RecordCursor();

/**
 * The largest timestamp delta of the `count` well-formed records with consecutive offset deltas that fill
 * `bytes[start, end)`; undefined when that is not what is there.
 */
function scanRecords(bytes: Uint8Array, start: number, end: number, count: number): number | undefined {
  let timestampDeltaMax = -Infinity;
  cursor.reset(bytes, start, end);
  for (let index = 0; index < count; index += 1) {
    if (!cursor.next() || cursor.offsetDelta !== index) return undefined;
    if (cursor.timestampDelta > timestampDeltaMax) timestampDeltaMax = cursor.timestampDelta;
  }
  return cursor.isAtEnd() ? timestampDeltaMax : undefined;
}
