/**
 * One pass of compaction over one log: the last offset of every key in the part that was not compacted yet, as far as
 * memory allows, and then every segment below that point without the records that a later one replaces. Runs off the
 * event loop in chunks; what it changes it changes in one turn, a group of segments at a time.
 *
 * What must hold: the pass ends without a change as soon as the log was cut, dropped or closed under it; groups are
 * replaced from the lowest on, so that no marker of deletion is gone before what it deleted.
 */
import {
  BATCH_HEADER_BYTES,
  Codec,
  ControlType,
  DECOMPRESSED_BYTES_MAX,
  RecordCursor,
  batchBaseOffset,
  batchCodec,
  batchLastOffset,
  batchLeaderEpoch,
  batchProducerEpoch,
  batchProducerId,
  batchRecordsCount,
  batchSizeBytes,
  isControl,
  readControlRecord,
  recordsOf,
} from '@tidemark/wire';
import type { LogConfig } from '../config/log-config.js';
import { LogError } from '../log-error.js';
import type { LogFiles } from '../log-files.js';
import type { Segment } from '../segment/segment.js';
import { batchChunks } from './batch-chunks.js';
import { cleanSegments, discardCleaned } from './clean-segments.js';
import { groupSegments, type CleanableRange } from './cleanable.js';
import type { CompactionRule } from './filter-batch.js';
import type { KeyMap } from './key-map.js';

export interface PassOptions {
  readonly files: LogFiles;
  readonly config: LogConfig;
  readonly range: CleanableRange;
  readonly keys: KeyMap;
  readonly nowMs: number;
  /** Puts a cleaned segment in the place of a group, at once. */
  swap(group: readonly Segment[], cleaned: Segment): void;
}

export interface PassResult {
  /** Compacted to here: less than was asked for when not all keys fitted. */
  readonly upTo: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Nothing when the log changed under it. Throws DamagedBatch, LogError, CompressionError, WireError, DiskError. */
export async function compactionPass(options: PassOptions): Promise<PassResult | undefined> {
  const { files, config, range, keys } = options;
  const { generation } = files;
  const isOver = (): boolean => files.generation !== generation;
  keys.clear();
  const upTo = await mapLatest(options, isOver);
  if (upTo === undefined) return undefined;
  if (upTo <= range.firstDirty) {
    const detail = `the batch at offset ${upTo} has more keys than ${keys.capacity}, which compaction has room for`;
    throw new LogError('failed', `${files.directory}: ${detail}`);
  }
  files.becomeSparse();
  const rule = ruleFor(options, upTo);
  const below = segmentsBelow(files, upTo);
  let bytesBefore = 0;
  let bytesAfter = 0;
  for (const group of groupSegments(below, config)) {
    const segments = group.map(({ segment }) => segment);
    const cleaned = await cleanSegments(files, segments, rule, { ...config, isOver });
    if (cleaned === undefined) return undefined;
    const bytes = group.reduce((sum, segment) => sum + segment.bytes, 0);
    bytesBefore += bytes;
    bytesAfter += cleaned.segment.bytes;
    if (cleaned.isSame) discardCleaned(files, cleaned.segment);
    else options.swap(segments, cleaned.segment);
  }
  return { upTo, bytesBefore, bytesAfter };
}

/** How far the keys' last offsets fitted into memory. */
async function mapLatest(options: PassOptions, isOver: () => boolean): Promise<number | undefined> {
  const { files, range, keys } = options;
  const { firstDirty, firstUncleanable } = range;
  for (const { segment, endOffset } of segmentsBelow(files, firstUncleanable)) {
    if (endOffset <= firstDirty) continue;
    const from = firstDirty > segment.baseOffset ? segment.offsetIndex.positionBefore(firstDirty) : 0;
    for await (const chunk of batchChunks(segment, from)) {
      if (isOver()) return undefined;
      for (let at = 0; at < chunk.length; at += batchSizeBytes(chunk, at)) {
        if (batchLastOffset(chunk, at) < firstDirty || isControl(chunk, at)) continue;
        if (!keys.hasRoomFor(batchRecordsCount(chunk, at))) return batchBaseOffset(chunk, at);
        putKeys(chunk, at, keys);
      }
    }
  }
  return firstUncleanable;
}

const cursor = new RecordCursor();

function putKeys(bytes: Uint8Array, at: number, keys: KeyMap): void {
  const plain = batchCodec(bytes, at) === Codec.NONE;
  const records = plain ? bytes : recordsOf(bytes, at, DECOMPRESSED_BYTES_MAX);
  const start = plain ? at + BATCH_HEADER_BYTES : 0;
  cursor.reset(records, start, plain ? at + batchSizeBytes(bytes, at) : records.length);
  const baseOffset = batchBaseOffset(bytes, at);
  while (cursor.next()) {
    if (cursor.keyLength < 0) continue;
    keys.put(records, cursor.keyStart, cursor.keyLength, baseOffset + cursor.offsetDelta);
  }
}

function ruleFor({ files, config, keys, nowMs }: PassOptions, upTo: number): CompactionRule {
  const { producers, epochs } = files;
  return {
    latest: keys,
    upTo,
    nowMs,
    deleteRetentionMs: config.deleteRetentionMs,
    isLastOfProducer: (bytes, at) => {
      const producer = producers.get(batchProducerId(bytes, at));
      return (
        producer?.epoch === batchProducerEpoch(bytes, at) &&
        producer.lastOffset === batchLastOffset(bytes, at)
      );
    },
    // The epochs themselves are in their checkpoint; ends of transactions stay.
    isSuperseded: (bytes, at) =>
      batchLeaderEpoch(bytes, at) < epochs.latest &&
      readControlRecord(bytes, at)?.type === ControlType.LEADER_CHANGE,
  };
}

/** With ends and sizes; the active one is not among them. */
function segmentsBelow(
  files: LogFiles,
  offset: number,
): { segment: Segment; baseOffset: number; endOffset: number; bytes: number; largestTimestamp: number }[] {
  const { segments } = files;
  return segments
    .all()
    .slice(0, -1)
    .map((segment, index) => ({
      segment,
      baseOffset: segment.baseOffset,
      endOffset: segments.endOf(index, segment.baseOffset),
      bytes: segment.bytes,
      largestTimestamp: segment.maxTimestamp,
    }))
    .filter(({ baseOffset }) => baseOffset < offset);
}
