/**
 * Records as objects: built into batches, and read back out of them. For coordinators, the metadata log, tools and
 * tests; the produce and fetch paths never come here.
 */
import { ByteWriter } from '../bytes/writer.js';
import { sizeOfVarint, sizeOfVarlong } from '../bytes/varint.js';
import { WireError } from '../bytes/wire-error.js';
import {
  BATCH_HEADER_BYTES,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  attributesOf,
  batchBaseOffset,
  batchBaseTimestamp,
  batchCodec,
  batchMaxTimestamp,
  batchSizeBytes,
  isLogAppendTime,
  writeBatchHeader,
} from './batch-header.js';
import { Codec, compress, decompress } from './compression.js';
import { RecordCursor } from './record-cursor.js';

/** A decompressed batch larger than this is refused unless the caller allows more. */
export const DECOMPRESSED_BYTES_MAX = 128 * 1024 * 1024;

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface RecordInput {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
  /** Milliseconds; the batch's timestamp when absent. */
  readonly timestamp?: number;
}

export interface BatchOptions {
  /** Milliseconds, for records that have none of their own. */
  readonly timestamp: number;
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  readonly codec?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
}

export interface StoredRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** One batch of these records, at least one, in their order. */
export function buildBatch(records: readonly RecordInput[], options: BatchOptions): Uint8Array {
  const first = records[0];
  if (first === undefined) throw new WireError('a batch has at least one record');
  const baseTimestamp = first.timestamp ?? options.timestamp;
  const writer = new ByteWriter({ initialBytes: 256 * Math.min(records.length, 256) });
  let maxTimestamp = baseTimestamp;
  records.forEach((record, index) => {
    const timestamp = record.timestamp ?? options.timestamp;
    maxTimestamp = Math.max(maxTimestamp, timestamp);
    writeRecord(writer, record, timestamp - baseTimestamp, index);
  });
  const codec = options.codec ?? Codec.NONE;
  const payload = compress(codec, writer.written());
  const batch = new Uint8Array(BATCH_HEADER_BYTES + payload.length);
  batch.set(payload, BATCH_HEADER_BYTES);
  writeBatchHeader(batch, 0, batch.length, {
    baseOffset: options.baseOffset ?? 0,
    leaderEpoch: options.leaderEpoch ?? -1,
    attributes: attributesOf({ codec, transactional: options.transactional, control: options.control }),
    lastOffsetDelta: records.length - 1,
    baseTimestamp,
    maxTimestamp,
    producerId: options.producerId ?? NO_PRODUCER_ID,
    producerEpoch: options.producerEpoch ?? -1,
    baseSequence: options.baseSequence ?? NO_SEQUENCE,
    recordsCount: records.length,
  });
  return batch;
}

/**
 * The records of all batches in `bytes`, which holds whole batches; keys and values are views where the batch is not
 * compressed. Throws `WireError` at malformed records and `CompressionError` as `decompress` does.
 */
export function* readRecords(
  bytes: Uint8Array,
  decompressedBytesMax = DECOMPRESSED_BYTES_MAX,
): Generator<StoredRecord, void> {
  for (let at = 0; at < bytes.length; at += batchSizeBytes(bytes, at)) {
    if (bytes.length - at < BATCH_HEADER_BYTES || bytes.length - at < batchSizeBytes(bytes, at)) {
      throw new WireError('record batch is cut');
    }
    yield* readBatchRecords(bytes, at, decompressedBytesMax);
  }
}

/** The records of the one batch at `at`. */
export function* readBatchRecords(
  bytes: Uint8Array,
  at = 0,
  decompressedBytesMax = DECOMPRESSED_BYTES_MAX,
): Generator<StoredRecord, void> {
  const payload = recordsOf(bytes, at, decompressedBytesMax);
  const baseOffset = batchBaseOffset(bytes, at);
  const baseTimestamp = batchBaseTimestamp(bytes, at);
  const stamp = isLogAppendTime(bytes, at) ? batchMaxTimestamp(bytes, at) : undefined;
  const cursor = new RecordCursor();
  cursor.reset(payload, 0, payload.length);
  while (cursor.next()) {
    yield {
      offset: baseOffset + cursor.offsetDelta,
      timestamp: stamp ?? baseTimestamp + cursor.timestampDelta,
      key: slice(payload, cursor.keyStart, cursor.keyLength),
      value: slice(payload, cursor.valueStart, cursor.valueLength),
      headers: headersOf(payload, cursor),
    };
  }
  if (cursor.isMalformed()) throw new WireError(`malformed record in the batch at offset ${baseOffset}`);
}

/** The records part of the batch at `at`, decompressed; a view where it was not compressed. */
export function recordsOf(bytes: Uint8Array, at: number, decompressedBytesMax: number): Uint8Array {
  const payload = bytes.subarray(at + BATCH_HEADER_BYTES, at + batchSizeBytes(bytes, at));
  return decompress(batchCodec(bytes, at), payload, decompressedBytesMax);
}

function headersOf(payload: Uint8Array, cursor: RecordCursor): RecordHeader[] {
  if (cursor.headersCount === 0) return [];
  const headers: RecordHeader[] = [];
  cursor.eachHeader((keyStart, keyLength, valueStart, valueLength) => {
    const key = Buffer.from(payload.subarray(keyStart, keyStart + keyLength)).toString('utf8');
    headers.push({ key, value: slice(payload, valueStart, valueLength) });
  });
  return headers;
}

function slice(bytes: Uint8Array, start: number, length: number): Uint8Array | null {
  return length < 0 ? null : bytes.subarray(start, start + length);
}

function writeRecord(
  writer: ByteWriter,
  record: RecordInput,
  timestampDelta: number,
  offsetDelta: number,
): void {
  const headers = (record.headers ?? []).map(({ key, value }) => ({ key: Buffer.from(key, 'utf8'), value }));
  let size = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta);
  size += sizeOfBlock(record.key) + sizeOfBlock(record.value) + sizeOfVarint(headers.length);
  for (const { key, value } of headers) size += sizeOfBlock(key) + sizeOfBlock(value);
  writer.varint(size);
  writer.int8(0);
  writer.varlong(timestampDelta);
  writer.varint(offsetDelta);
  writeBlock(writer, record.key);
  writeBlock(writer, record.value);
  writer.varint(headers.length);
  for (const { key, value } of headers) {
    writeBlock(writer, key);
    writeBlock(writer, value);
  }
}

function sizeOfBlock(block: Uint8Array | null): number {
  return block === null ? sizeOfVarint(-1) : sizeOfVarint(block.length) + block.length;
}

function writeBlock(writer: ByteWriter, block: Uint8Array | null): void {
  writer.varint(block === null ? -1 : block.length);
  if (block !== null) writer.raw(block);
}
