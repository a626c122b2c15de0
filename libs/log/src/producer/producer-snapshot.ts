/**
 * Producer state on disk: Kafka's `.snapshot` (the last batch of each producer) and beside it our `.sequences` (the
 * batches before, which Kafka's format has no room for), so that a producer's retry of any of its five batches is
 * known again after a restart. Taken at roll and at close; the log after it is replayed.
 *
 * What must hold: a file that is damaged in any way is as good as none; a `.sequences` file that does not belong to
 * the snapshot beside it is not used.
 */
import { readFully, writeFully, type Disk } from '@tidemark/platform';
import { ByteReader, ByteWriter, WireError, crc32c } from '@tidemark/wire';
import { SEQUENCES_SUFFIX, SNAPSHOT_SUFFIX, offsetFileName } from '../segment/segment-names.js';
import { BATCHES_MAX, ProducerEntry } from './producer-entry.js';
import type { ProducerState } from './producer-state.js';

const VERSION = 1;
const CRC_AT = 2;
const CRC_END = 6;
const ENTRY_BYTES = 46;
const SEQUENCES_ENTRY_BYTES = 14;

/** Throws DiskError. The files are not forced to disk: what is lost is replayed from the log. */
export function writeProducerSnapshot(
  disk: Disk,
  directory: string,
  offset: number,
  state: ProducerState,
): void {
  const entries = [...state.all()];
  const snapshot = sealed((writer) => writeEntries(writer, entries));
  const checksum = crc32c(snapshot);
  replace(disk, snapshotPath(directory, offset, SNAPSHOT_SUFFIX), snapshot);
  const sequences = sealed((writer) => writeSequences(writer, checksum, entries));
  replace(disk, snapshotPath(directory, offset, SEQUENCES_SUFFIX), sequences);
  state.dirty = false;
}

/** `none`: there is no good one. `last-only`: of each producer the last batch is known, not the four before. */
export type SnapshotFound = 'none' | 'last-only' | 'complete';

/** Replaces what `state` holds by the snapshot at `offset`; with `none` it is empty. */
export function readProducerSnapshot(
  disk: Disk,
  directory: string,
  offset: number,
  state: ProducerState,
): SnapshotFound {
  state.clear();
  const path = snapshotPath(directory, offset, SNAPSHOT_SUFFIX);
  if (!disk.existsSync(path)) return 'none';
  const bytes = readFully(disk, path);
  try {
    readEntries(opened(bytes), state);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    state.clear();
    return 'none';
  }
  const isComplete = completeSequences(
    disk,
    snapshotPath(directory, offset, SEQUENCES_SUFFIX),
    crc32c(bytes),
    state,
  );
  state.dirty = false;
  return isComplete ? 'complete' : 'last-only';
}

export function hasProducerSnapshot(disk: Disk, directory: string, offset: number): boolean {
  return disk.existsSync(snapshotPath(directory, offset, SNAPSHOT_SUFFIX));
}

export function removeProducerSnapshot(disk: Disk, directory: string, offset: number): void {
  disk.removeSync(snapshotPath(directory, offset, SNAPSHOT_SUFFIX));
  disk.removeSync(snapshotPath(directory, offset, SEQUENCES_SUFFIX));
}

function snapshotPath(directory: string, offset: number, suffix: string): string {
  return `${directory}/${offsetFileName(offset, suffix)}`;
}

function replace(disk: Disk, path: string, bytes: Uint8Array): void {
  const file = disk.openSync(path, 'write');
  try {
    writeFully(file, bytes, 0, bytes.length, 0);
    file.truncateSync(bytes.length);
  } finally {
    file.closeSync();
  }
}

/** Version, checksum over what follows, content. */
function sealed(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.int16(VERSION);
  writer.int32(0);
  write(writer);
  const bytes = new Uint8Array(writer.written());
  new DataView(bytes.buffer).setUint32(CRC_AT, crc32c(bytes, CRC_END));
  return bytes;
}

/** A reader at the content. Throws WireError when version or checksum is not right. */
function opened(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.int16() !== VERSION) throw new WireError('unknown version');
  if (reader.uint32() !== crc32c(bytes, CRC_END)) throw new WireError('wrong checksum');
  return reader;
}

function writeEntries(writer: ByteWriter, entries: readonly ProducerEntry[]): void {
  writer.int32(entries.length);
  for (const entry of entries) {
    const last = entry.count > 0 ? entry.batch(entry.count - 1) : undefined;
    writer.int64(entry.producerId);
    writer.int16(entry.epoch);
    writer.int32(last?.lastSequence ?? -1);
    writer.int64(last?.lastOffset ?? -1);
    writer.int32(last?.offsetDelta ?? 0);
    writer.int64(entry.lastTimestamp);
    writer.int32(entry.coordinatorEpoch);
    writer.int64(entry.currentTransactionFirstOffset);
  }
}

function readEntries(reader: ByteReader, state: ProducerState): void {
  for (let left = reader.arrayLength(ENTRY_BYTES); left > 0; left -= 1) {
    const entry = new ProducerEntry(reader.int64(), reader.int16());
    const lastSequence = reader.int32();
    const lastOffset = reader.int64();
    const offsetDelta = reader.int32();
    const timestamp = reader.int64();
    if (lastOffset >= 0) entry.add(lastSequence, lastOffset, offsetDelta, timestamp);
    entry.lastTimestamp = timestamp;
    entry.coordinatorEpoch = reader.int32();
    entry.currentTransactionFirstOffset = reader.int64();
    entry.complete = false;
    state.restore(entry);
  }
}

function writeSequences(
  writer: ByteWriter,
  snapshotChecksum: number,
  entries: readonly ProducerEntry[],
): void {
  writer.int32(snapshotChecksum | 0);
  writer.int32(entries.length);
  for (const entry of entries) {
    writer.int64(entry.producerId);
    writer.int16(entry.epoch);
    writer.int32(entry.count);
    for (let index = 0; index < entry.count; index += 1) {
      const batch = entry.batch(index);
      writer.int32(batch.lastSequence);
      writer.int64(batch.lastOffset);
      writer.int32(batch.offsetDelta);
      writer.int64(batch.timestamp);
    }
  }
}

function completeSequences(
  disk: Disk,
  path: string,
  snapshotChecksum: number,
  state: ProducerState,
): boolean {
  if (state.count === 0) return true;
  if (!disk.existsSync(path)) return false;
  try {
    const reader = opened(readFully(disk, path));
    if (reader.uint32() !== snapshotChecksum) return false;
    for (let left = reader.arrayLength(SEQUENCES_ENTRY_BYTES); left > 0; left -= 1)
      completeOne(reader, state);
    return true;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return false;
  }
}

function completeOne(reader: ByteReader, state: ProducerState): void {
  const producerId = reader.int64();
  const completed = new ProducerEntry(producerId, reader.int16());
  const count = reader.int32();
  if (count < 0 || count > BATCHES_MAX) throw new WireError('more batches than are kept');
  for (let index = 0; index < count; index += 1) {
    completed.add(reader.int32(), reader.int64(), reader.int32(), reader.int64());
  }
  const known = state.get(producerId);
  if (known?.epoch !== completed.epoch || known.lastOffset !== completed.lastOffset) return;
  completed.lastTimestamp = known.lastTimestamp;
  completed.coordinatorEpoch = known.coordinatorEpoch;
  completed.currentTransactionFirstOffset = known.currentTransactionFirstOffset;
  completed.complete = false;
  state.restore(completed);
}
