/**
 * What compaction leaves of one record batch: all of it as it is, a batch of the records that survive, an empty batch
 * that only keeps a producer's sequence, or nothing. Pure. Offsets never change; records keep their bytes.
 *
 * What must hold: of every key the record with the highest offset survives, until it is a marker of deletion whose
 * time is up (KIP-534: the first run that meets it writes that time into its batch's header).
 */
import {
  BATCH_HEADER_BYTES,
  ByteWriter,
  Codec,
  DECOMPRESSED_BYTES_MAX,
  DELETE_HORIZON_BIT,
  RecordCursor,
  WireError,
  batchBaseOffset,
  batchBaseTimestamp,
  batchCodec,
  batchMaxTimestamp,
  batchSizeBytes,
  compress,
  hasDeleteHorizon,
  isControl,
  isLogAppendTime,
  readBatchHeader,
  recordsOf,
  sizeOfVarlong,
  writeBatchHeader,
} from '@tidemark/wire';
import type { KeyMap } from './key-map.js';

export interface CompactionRule {
  readonly latest: KeyMap;
  /** Records from here on are not in `latest`, and stay as they are. */
  readonly upTo: number;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  /** Whether a producer's last sequence is known by this batch. */
  isLastOfProducer(bytes: Uint8Array, at: number): boolean;
  /** Whether a control batch says something that a later one has made void. */
  isSuperseded(bytes: Uint8Array, at: number): boolean;
}

/** A time that a varint of 64 bits can be counted from. */
const HORIZON_MAX = 2 ** 51;

interface Kept {
  /** Parts of the records' bytes: [start, bodyStart, end) and the timestamp delta, four numbers a record. */
  readonly places: number[];
  readonly total: number;
  readonly tombstones: number;
  readonly largestDelta: number;
}

const cursor = new RecordCursor();

/** Throws CompressionError, WireError: then the log is left as it is. */
export function filterBatch(bytes: Uint8Array, at: number, rule: CompactionRule): Uint8Array | undefined {
  const batch = bytes.subarray(at, at + batchSizeBytes(bytes, at));
  if (batchBaseOffset(batch, 0) >= rule.upTo) return batch;
  const needed = rule.isLastOfProducer(batch, 0);
  if (isControl(batch, 0)) return needed || !rule.isSuperseded(batch, 0) ? batch : undefined;
  const records = recordsOf(batch, 0, DECOMPRESSED_BYTES_MAX);
  const kept = survivors(batch, records, rule);
  if (kept.total === 0) return needed ? emptied(batch) : undefined;
  const horizon = horizonFor(batch, kept, rule);
  if (kept.places.length === kept.total * 4 && horizon === undefined) return batch;
  if (kept.places.length === 0) return needed ? emptied(batch) : undefined;
  return rewritten(batch, records, kept, horizon);
}

function survivors(batch: Uint8Array, records: Uint8Array, rule: CompactionRule): Kept {
  const baseOffset = batchBaseOffset(batch, 0);
  const isOver = hasDeleteHorizon(batch, 0) && rule.nowMs > batchBaseTimestamp(batch, 0);
  const places: number[] = [];
  let total = 0;
  let tombstones = 0;
  let largestDelta = -Infinity;
  cursor.reset(records, 0, records.length);
  for (;;) {
    const start = cursor.position;
    if (!cursor.next()) break;
    total += 1;
    // Without a key nothing says when it may go: none is let in, but the topic may have been another kind before.
    if (cursor.keyLength < 0) continue;
    const latest = rule.latest.get(records, cursor.keyStart, cursor.keyLength);
    if (latest > baseOffset + cursor.offsetDelta) continue;
    if (cursor.valueLength < 0) {
      if (isOver) continue;
      tombstones += 1;
    }
    places.push(start, cursor.offsetDeltaStart, cursor.position, cursor.timestampDelta);
    largestDelta = Math.max(largestDelta, cursor.timestampDelta);
  }
  if (cursor.isMalformed()) throw new WireError(`malformed record in the batch at offset ${baseOffset}`);
  return { places, total, tombstones, largestDelta };
}

/** Until when the batch's markers of deletion stay, when that is to be written into it now. */
function horizonFor(batch: Uint8Array, kept: Kept, rule: CompactionRule): number | undefined {
  if (kept.tombstones === 0 || hasDeleteHorizon(batch, 0)) return undefined;
  return Math.min(rule.nowMs + rule.deleteRetentionMs, HORIZON_MAX);
}

/** The header alone: base and last offset, producer and sequence stay. */
function emptied(batch: Uint8Array): Uint8Array {
  const header = readBatchHeader(batch, 0);
  const empty = new Uint8Array(BATCH_HEADER_BYTES);
  const attributes = header.attributes & ~0x07;
  writeBatchHeader(empty, 0, empty.length, { ...header, attributes, recordsCount: 0 });
  return empty;
}

function rewritten(
  batch: Uint8Array,
  records: Uint8Array,
  kept: Kept,
  horizon: number | undefined,
): Uint8Array {
  const header = readBatchHeader(batch, 0);
  const baseTimestamp = horizon ?? header.baseTimestamp;
  const shift = header.baseTimestamp - baseTimestamp;
  const writer = new ByteWriter({ initialBytes: records.length + 64 });
  const { places } = kept;
  for (let index = 0; index < places.length; index += 4) {
    const [start = 0, rest = 0, end = 0, delta = 0] = places.slice(index, index + 4);
    if (shift === 0) writer.raw(records.subarray(start, end));
    else {
      // Times count from another base: the record's delta changes, and with it its length.
      writer.varint(1 + sizeOfVarlong(delta + shift) + end - rest);
      writer.int8(0);
      writer.varlong(delta + shift);
      writer.raw(records.subarray(rest, end));
    }
  }
  const codec = batchCodec(batch, 0);
  const payload = codec === Codec.NONE ? writer.written() : compress(codec, writer.written());
  const result = new Uint8Array(BATCH_HEADER_BYTES + payload.length);
  result.set(payload, BATCH_HEADER_BYTES);
  const stamped = isLogAppendTime(batch, 0);
  writeBatchHeader(result, 0, result.length, {
    ...header,
    attributes: horizon === undefined ? header.attributes : header.attributes | DELETE_HORIZON_BIT,
    baseTimestamp,
    maxTimestamp: stamped ? batchMaxTimestamp(batch, 0) : header.baseTimestamp + kept.largestDelta,
    recordsCount: places.length / 4,
  });
  return result;
}
