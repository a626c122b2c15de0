/**
 * The 61 bytes in front of every record batch (format 2), read and patched at fixed offsets in the bytes themselves.
 * Pure functions of (bytes, position of the batch): nothing is made, so the broker can ask per batch what it needs.
 * 64-bit fields are numbers, exact below 2^53.
 *
 * Base offset and leader epoch lie in front of the checksum and are the broker's to write; everything from the
 * attributes on is covered by it.
 * Source: KIP-98, Kafka's `DefaultRecordBatch`.
 */
import { crc32c } from '../bytes/crc32c.js';

/** Base offset and length: what precedes the bytes that the length field counts. */
export const BATCH_PREFIX_BYTES = 12;
export const BATCH_HEADER_BYTES = 61;
export const BATCH_MAGIC = 2;

const LENGTH = 8;
const LEADER_EPOCH = 12;
const MAGIC = 16;
const CRC = 17;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const PRODUCER_EPOCH = 51;
const BASE_SEQUENCE = 53;
const RECORDS_COUNT = 57;

const CODEC_BITS = 0x07;
const LOG_APPEND_TIME_BIT = 0x08;
const TRANSACTIONAL_BIT = 0x10;
const CONTROL_BIT = 0x20;
/** See `hasDeleteHorizon`. */
export const DELETE_HORIZON_BIT = 0x40;

const TWO_32 = 0x100000000;
const SEQUENCE_LIMIT = 0x80000000;

export const NO_PRODUCER_ID = -1;
export const NO_SEQUENCE = -1;
export const NO_TIMESTAMP = -1;

export function batchBaseOffset(bytes: Uint8Array, at: number): number {
  return readInt64(bytes, at);
}

/** Bytes of the whole batch. Trustworthy only after `checkBatch`; may be anything in foreign bytes. */
export function batchSizeBytes(bytes: Uint8Array, at: number): number {
  return BATCH_PREFIX_BYTES + readInt32(bytes, at + LENGTH);
}

export function batchLeaderEpoch(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + LEADER_EPOCH);
}

export function batchMagic(bytes: Uint8Array, at: number): number {
  return ((bytes[at + MAGIC] ?? 0) << 24) >> 24;
}

export function batchCrc(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + CRC) >>> 0;
}

export function batchAttributes(bytes: Uint8Array, at: number): number {
  return readInt16(bytes, at + ATTRIBUTES);
}

/** One of `Codec`, or 5 to 7, which mean nothing. */
export function batchCodec(bytes: Uint8Array, at: number): number {
  return batchAttributes(bytes, at) & CODEC_BITS;
}

/** The broker's clock stamped it; then every record has the batch's largest timestamp. */
export function isLogAppendTime(bytes: Uint8Array, at: number): boolean {
  return (batchAttributes(bytes, at) & LOG_APPEND_TIME_BIT) !== 0;
}

export function isTransactional(bytes: Uint8Array, at: number): boolean {
  return (batchAttributes(bytes, at) & TRANSACTIONAL_BIT) !== 0;
}

export function isControl(bytes: Uint8Array, at: number): boolean {
  return (batchAttributes(bytes, at) & CONTROL_BIT) !== 0;
}

/** Then the base timestamp holds the time at which tombstones may go, and deltas count from it (KIP-534). */
export function hasDeleteHorizon(bytes: Uint8Array, at: number): boolean {
  return (batchAttributes(bytes, at) & DELETE_HORIZON_BIT) !== 0;
}

export function batchLastOffsetDelta(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + LAST_OFFSET_DELTA);
}

export function batchLastOffset(bytes: Uint8Array, at: number): number {
  return batchBaseOffset(bytes, at) + batchLastOffsetDelta(bytes, at);
}

export function batchBaseTimestamp(bytes: Uint8Array, at: number): number {
  return readInt64(bytes, at + BASE_TIMESTAMP);
}

export function batchMaxTimestamp(bytes: Uint8Array, at: number): number {
  return readInt64(bytes, at + MAX_TIMESTAMP);
}

export function batchProducerId(bytes: Uint8Array, at: number): number {
  return readInt64(bytes, at + PRODUCER_ID);
}

export function batchProducerEpoch(bytes: Uint8Array, at: number): number {
  return readInt16(bytes, at + PRODUCER_EPOCH);
}

export function batchBaseSequence(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + BASE_SEQUENCE);
}

/** The last record's sequence; sequences wrap from 2147483647 to 0. */
export function batchLastSequence(bytes: Uint8Array, at: number): number {
  const base = batchBaseSequence(bytes, at);
  return base === NO_SEQUENCE ? NO_SEQUENCE : advanceSequence(base, batchLastOffsetDelta(bytes, at));
}

export function batchRecordsCount(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + RECORDS_COUNT);
}

export function advanceSequence(sequence: number, by: number): number {
  return (sequence + by) % SEQUENCE_LIMIT;
}

export function computeBatchCrc(bytes: Uint8Array, at: number): number {
  return crc32c(bytes, at + ATTRIBUTES, at + batchSizeBytes(bytes, at));
}

export function setBatchBaseOffset(bytes: Uint8Array, at: number, offset: number): void {
  writeInt64(bytes, at, offset);
}

export function setBatchLeaderEpoch(bytes: Uint8Array, at: number, epoch: number): void {
  writeInt32(bytes, at + LEADER_EPOCH, epoch);
}

/** The broker's stamp; the checksum is written anew. */
export function setBatchLogAppendTime(bytes: Uint8Array, at: number, timestampMs: number): void {
  writeInt16(bytes, at + ATTRIBUTES, batchAttributes(bytes, at) | LOG_APPEND_TIME_BIT);
  setBatchMaxTimestamp(bytes, at, timestampMs);
}

/** The checksum is written anew. */
export function setBatchMaxTimestamp(bytes: Uint8Array, at: number, timestampMs: number): void {
  writeInt64(bytes, at + MAX_TIMESTAMP, timestampMs);
  writeInt32(bytes, at + CRC, computeBatchCrc(bytes, at));
}

export interface BatchHeader {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordsCount: number;
}

/** Writes the 61 bytes for a batch of `sizeBytes` whose records are there already, the checksum included. */
export function writeBatchHeader(
  bytes: Uint8Array,
  at: number,
  sizeBytes: number,
  header: BatchHeader,
): void {
  writeInt64(bytes, at, header.baseOffset);
  writeInt32(bytes, at + LENGTH, sizeBytes - BATCH_PREFIX_BYTES);
  writeInt32(bytes, at + LEADER_EPOCH, header.leaderEpoch);
  bytes[at + MAGIC] = BATCH_MAGIC;
  writeInt16(bytes, at + ATTRIBUTES, header.attributes);
  writeInt32(bytes, at + LAST_OFFSET_DELTA, header.lastOffsetDelta);
  writeInt64(bytes, at + BASE_TIMESTAMP, header.baseTimestamp);
  writeInt64(bytes, at + MAX_TIMESTAMP, header.maxTimestamp);
  writeInt64(bytes, at + PRODUCER_ID, header.producerId);
  writeInt16(bytes, at + PRODUCER_EPOCH, header.producerEpoch);
  writeInt32(bytes, at + BASE_SEQUENCE, header.baseSequence);
  writeInt32(bytes, at + RECORDS_COUNT, header.recordsCount);
  writeInt32(bytes, at + CRC, computeBatchCrc(bytes, at));
}

/** All fields at once, for tools and tests; the hot path asks for single ones. */
export function readBatchHeader(bytes: Uint8Array, at: number): BatchHeader {
  return {
    baseOffset: batchBaseOffset(bytes, at),
    leaderEpoch: batchLeaderEpoch(bytes, at),
    attributes: batchAttributes(bytes, at),
    lastOffsetDelta: batchLastOffsetDelta(bytes, at),
    baseTimestamp: batchBaseTimestamp(bytes, at),
    maxTimestamp: batchMaxTimestamp(bytes, at),
    producerId: batchProducerId(bytes, at),
    producerEpoch: batchProducerEpoch(bytes, at),
    baseSequence: batchBaseSequence(bytes, at),
    recordsCount: batchRecordsCount(bytes, at),
  };
}

export function attributesOf(options: {
  codec?: number | undefined;
  logAppendTime?: boolean | undefined;
  transactional?: boolean | undefined;
  control?: boolean | undefined;
}): number {
  return (
    (options.codec ?? 0) |
    (options.logAppendTime === true ? LOG_APPEND_TIME_BIT : 0) |
    (options.transactional === true ? TRANSACTIONAL_BIT : 0) |
    (options.control === true ? CONTROL_BIT : 0)
  );
}

function readInt16(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) >> 16) | (bytes[at + 1] ?? 0);
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}

function readInt64(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) * TWO_32 + (readInt32(bytes, at + 4) >>> 0);
}

function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  writeInt32(bytes, at, Math.floor(value / TWO_32));
  writeInt32(bytes, at + 4, value >>> 0);
}
