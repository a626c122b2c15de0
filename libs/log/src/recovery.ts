/**
 * Opens what a log has on disk. After an orderly close, indexes and snapshots are believed when they look sane;
 * after anything else, everything from the recovery point on is read and checked, and the log ends where the longest
 * valid prefix does. Called by `PartitionLog.open` alone; synchronous, since nothing can be served before.
 *
 * What must hold: bytes below the recovery point were forced to disk, and when only the process died, all that it
 * wrote is there: damage is a torn write only where neither is so, or at the very end. Everywhere else it is
 * corruption: nothing is cut and `LogError('corrupt')` is thrown. Opening twice gives the same as once.
 */
import { batchBaseOffset, batchLastOffset, batchLeaderEpoch } from '@tidemark/wire';
import type { LogConfig } from './config/log-config.js';
import { EpochHistory } from './epoch-history.js';
import { LogError } from './log-error.js';
import type { LogResources } from './log-resources.js';
import { ProducerState } from './producer/producer-state.js';
import { readRestart, removeSnapshots, type Restart } from './restart.js';
import { loadProducers } from './producer/producer-recovery.js';
import { scanBatches } from './segment/batch-scan.js';
import { Segment } from './segment/segment.js';
import { LOG_SUFFIX, offsetOfFileName } from './segment/segment-names.js';
import { isMarkedSparse } from './segment/sparse-marker.js';
import { sweepDirectory } from './segment/sweep.js';
import { Segments } from './segment/segments.js';
import { isTornTail } from './torn-tail.js';

export interface LoadOptions {
  readonly resources: LogResources;
  readonly directory: string;
  readonly config: LogConfig;
  /** Everything below was forced to disk. */
  readonly recoveryPoint: number;
  /** From the checkpoint; 0 when there is none. */
  readonly logStartOffset: number;
  /** Below, records were committed: what is missing there was not torn by a crash of this process alone. */
  readonly highWatermark: number;
  /** The last owner closed the log in order. */
  readonly clean: boolean;
  /** The machine went down under the last owner: what was not forced to disk may be gone, in any order. */
  readonly pageCacheLost: boolean;
}

export interface LoadedLog {
  readonly segments: Segments;
  readonly producers: ProducerState;
  readonly epochs: EpochHistory;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Bytes behind the longest valid prefix, which are gone now: a write that a crash tore, if nothing worse. */
  readonly cutBytes: number;
  /** False while there is no directory: its first append makes it. */
  readonly onDisk: boolean;
  /** There may be gaps between batches: the log is, or was, compacted. */
  readonly sparse: boolean;
  /** The log was being thrown away: it begins anew, and that has to be checkpointed. */
  readonly restarted: boolean;
}

export function loadLog(options: LoadOptions): LoadedLog {
  const { resources, directory, recoveryPoint } = options;
  const epochs = new EpochHistory(resources.disk, directory);
  if (!resources.disk.existsSync(directory)) {
    if (recoveryPoint > 0)
      throw corrupt(directory, `the directory is gone, it held offsets to ${recoveryPoint}`);
    const { logStartOffset } = options;
    const segments = new Segments([newSegment(options, logStartOffset)]);
    const producers = new ProducerState();
    const empty = { logStartOffset, logEndOffset: logStartOffset, cutBytes: 0, onDisk: false };
    return { segments, producers, epochs, ...empty, sparse: false, restarted: false };
  }
  const names = sweepDirectory(resources.disk, directory);
  const sparse = options.config.compacts || isMarkedSparse(resources.disk, directory);
  const restart = readRestart(resources.disk, directory);
  if (restart !== undefined) return { ...finishRestart(options, names, restart, epochs), sparse };
  epochs.load();
  const found = findSegments(options, names);
  const loaded = loadSegments({ ...options, sparse }, found, epochs);
  const first = loaded.segments.first.baseOffset;
  let logStartOffset = Math.max(options.logStartOffset, first);
  let { logEndOffset } = loaded;
  if (logStartOffset > logEndOffset) {
    // The records between were deleted on demand, and the segments before them did not survive whole.
    for (const segment of loaded.segments.all()) removeSegment(options, segment);
    loaded.segments.replaceAll(newSegment(options, logStartOffset));
    logEndOffset = logStartOffset;
  }
  if (resources.rules.checksEpochs() && !areBorneOut(loaded.segments, epochs, logStartOffset)) {
    rebuildEpochs(loaded.segments, epochs);
  }
  // Of a log that was emptied from its start, the last epoch is still the one that its last record had.
  epochs.truncateFromEnd(logEndOffset <= logStartOffset ? logEndOffset + 1 : logEndOffset);
  epochs.truncateFromStart(logStartOffset);
  logStartOffset = Math.min(logStartOffset, logEndOffset);
  const producers = loadProducers(options, names, loaded.segments, logEndOffset);
  // An idle log has no file open.
  for (const segment of loaded.segments.all()) segment.slot.close();
  const offsets = { logStartOffset, logEndOffset, cutBytes: loaded.cutBytes };
  return { segments: loaded.segments, producers, epochs, ...offsets, onDisk: true, sparse, restarted: false };
}

/** What a crash interrupted: the old segments go, the new log is there and empty. */
function finishRestart(
  options: LoadOptions,
  names: readonly string[],
  restart: Restart,
  epochs: EpochHistory,
): Omit<LoadedLog, 'sparse'> {
  const { disk } = options.resources;
  for (const segment of findSegments(options, names)) removeSegment(options, segment);
  removeSnapshots(disk, options.directory);
  epochs.restart(restart.leaderEpoch, restart.offset);
  epochs.save();
  const fresh = newSegment(options, restart.offset);
  fresh.slot.use();
  fresh.slot.close();
  disk.syncDirectorySync(options.directory);
  const offsets = { logStartOffset: restart.offset, logEndOffset: restart.offset, cutBytes: 0 };
  const segments = new Segments([fresh]);
  return { segments, producers: new ProducerState(), epochs, ...offsets, onDisk: true, restarted: true };
}

export function newSegment(
  options: Pick<LoadOptions, 'resources' | 'directory'>,
  baseOffset: number,
): Segment {
  const { disk, files, clock } = options.resources;
  const segment = new Segment(disk, files, options.directory, baseOffset, { openedAtMs: clock.now() });
  segment.offsetIndex.entries.startEmpty();
  segment.timeIndex.entries.startEmpty();
  return segment;
}

function findSegments(options: LoadOptions, names: readonly string[]): Segment[] {
  const { disk, files, clock } = options.resources;
  const segments: Segment[] = [];
  for (const name of names) {
    const base = offsetOfFileName(name, LOG_SUFFIX);
    if (base === undefined) continue;
    const segment = new Segment(disk, files, options.directory, base, { openedAtMs: clock.now() });
    segment.writtenBytes = segment.slot.use('read').sizeSync();
    segment.bytes = segment.writtenBytes;
    // Opened again, for writing, when it is written to.
    segment.slot.close();
    segments.push(segment);
  }
  return segments;
}

type SegmentOptions = LoadOptions & Pick<LoadedLog, 'sparse'>;

function loadSegments(
  options: SegmentOptions,
  found: readonly Segment[],
  epochs: EpochHistory,
): { segments: Segments; logEndOffset: number; cutBytes: number } {
  const foundBytes = sum(found);
  const start = found[0]?.baseOffset ?? Math.max(options.logStartOffset, 0);
  let next = start;
  const kept: Segment[] = [];
  for (const [index, segment] of found.entries()) {
    if (!joins(options, segment, next)) {
      dropFrom(options, found.slice(index), next, 'a segment is missing');
      break;
    }
    const following = found[index + 1];
    const flushed = following !== undefined && following.baseOffset <= options.recoveryPoint;
    kept.push(segment);
    const trusted = options.clean || flushed;
    const end = trusted ? trust(options, segment) : recover(options, segment, epochs);
    next = Math.max(next, end.nextOffset);
    if (end.position < segment.writtenBytes) {
      if (trusted)
        throw corrupt(segment.slot.path, `byte ${end.position} is not the start of a record batch`);
      refuseUnlessTorn(options, segment, end.position, next);
      if (index + 1 < found.length) refuseHole(options, segment, 'is damaged, and others follow it');
      cut(segment, end.position);
      dropFrom(options, found.slice(index + 1), next, 'the segment before it is torn');
      break;
    }
  }
  if (next < options.recoveryPoint) {
    throw corrupt(options.directory, `ends at ${next}, was on disk up to ${options.recoveryPoint}`);
  }
  const cutBytes = foundBytes - sum(kept);
  if (kept.length === 0) kept.push(newSegment(options, start));
  return { segments: new Segments(kept), logEndOffset: next, cutBytes };
}

function sum(segments: readonly Segment[]): number {
  return segments.reduce((bytes, { writtenBytes }) => bytes + writtenBytes, 0);
}

/** Whether the segment goes on where the one before ended; compaction may leave gaps, nothing else does. */
function joins(options: SegmentOptions, segment: Segment, next: number): boolean {
  return segment.baseOffset === next || (options.sparse && segment.baseOffset > next);
}

interface SegmentEnd {
  readonly nextOffset: number;
  readonly position: number;
}

/** A segment whose bytes are known to be good: only its end is looked at. */
function trust(options: LoadOptions, segment: Segment): SegmentEnd {
  const { writtenBytes } = segment;
  if (!segment.offsetIndex.isSane(writtenBytes) || !segment.timeIndex.isSane()) {
    segment.reindex(writtenBytes, options.config.indexIntervalBytes);
    const position = segment.bytes;
    segment.seal();
    const nextOffset = segment.walkTail();
    segment.writtenBytes = writtenBytes;
    return { nextOffset, position };
  }
  segment.maxTimestamp = segment.timeIndex.lastTimestamp;
  segment.offsetOfMaxTimestamp = segment.timeIndex.lastOffset;
  const nextOffset = segment.walkTail();
  return { nextOffset, position: segment.bytes };
}

/** Every batch is checked; indexes and epochs come from what is good. */
function recover(options: SegmentOptions, segment: Segment, epochs: EpochHistory): SegmentEnd {
  let nextOffset = segment.baseOffset;
  segment.resetIndexes();
  const range = { from: 0, to: segment.writtenBytes, verify: true };
  const position = scanBatches(segment.slot.use(), range, (bytes, at, position) => {
    // The checksum does not cover the base offset, but without compaction it can only be one.
    const skipped = batchBaseOffset(bytes, at) - nextOffset;
    if (skipped < 0 || (skipped > 0 && !options.sparse)) return false;
    assignEpochOf(bytes, at, epochs);
    segment.added(bytes, at, position, options.config.indexIntervalBytes);
    nextOffset = batchLastOffset(bytes, at) + 1;
    return true;
  });
  segment.seal();
  return { nextOffset, position };
}

function assignEpochOf(bytes: Uint8Array, at: number, epochs: EpochHistory): void {
  const epoch = batchLeaderEpoch(bytes, at);
  if (epoch > epochs.latest) epochs.assign(epoch, batchBaseOffset(bytes, at));
}

/**
 * Whether the epochs are what the batches around their beginnings say. Their file has no checksum, and a digit that
 * is wrong would have a follower cut at the wrong place.
 */
function areBorneOut(segments: Segments, epochs: EpochHistory, logStartOffset: number): boolean {
  const [first = Infinity] = epochs.startOffsets();
  if (first > logStartOffset) return false;
  for (const startOffset of [...epochs.startOffsets(), Infinity]) {
    const before = startOffset === Infinity ? Infinity : startOffset - 1;
    const segment = segments.at(Math.max(segments.indexFor(before), 0));
    if (segment.writtenBytes === 0) continue;
    const from =
      startOffset === Infinity
        ? segment.offsetIndex.lastPosition
        : segment.offsetIndex.positionBefore(before);
    const seen = { agree: true };
    scanBatches(segment.slot.use(), { from, to: segment.writtenBytes, verify: false }, (bytes, at) => {
      const known = epochs.epochAt(batchBaseOffset(bytes, at));
      seen.agree &&= known < 0 || known === batchLeaderEpoch(bytes, at);
      return seen.agree && batchLastOffset(bytes, at) < startOffset;
    });
    if (!seen.agree) return false;
  }
  return true;
}

/** From the batches, unless they contradict each other: then it is one of them that is damaged, and the file is right. */
function rebuildEpochs(segments: Segments, epochs: EpochHistory): void {
  const begun: [epoch: number, startOffset: number][] = [];
  const seen = { latest: -1, ascend: true };
  for (const segment of segments.all()) {
    if (segment.writtenBytes === 0) continue;
    const range = { from: 0, to: segment.writtenBytes, verify: false };
    scanBatches(segment.slot.use(), range, (bytes, at) => {
      const epoch = batchLeaderEpoch(bytes, at);
      if (epoch > seen.latest) begun.push([epoch, batchBaseOffset(bytes, at)]);
      seen.ascend &&= epoch >= seen.latest;
      seen.latest = Math.max(seen.latest, epoch);
      return seen.ascend;
    });
  }
  if (!seen.ascend && !epochs.isEmpty) return;
  epochs.restart(-1, 0);
  for (const [epoch, startOffset] of begun) epochs.assign(epoch, startOffset);
}

/**
 * The high watermark to begin with. It was written down when the page cache held what it speaks of; after a power loss an
 * earlier write may stand there again, of an epoch that lost, and of that no more is known than that it is on this disk.
 */
export function watermarkToTrust(options: LoadOptions): number {
  const { highWatermark, recoveryPoint, pageCacheLost } = options;
  return pageCacheLost ? Math.min(highWatermark, recoveryPoint) : highWatermark;
}

/** Throws unless the bytes from `position` on may be a write that never was finished, or never reached the disk. */
function refuseUnlessTorn(
  options: LoadOptions,
  segment: Segment,
  position: number,
  nextOffset: number,
): void {
  const { recoveryPoint, highWatermark, pageCacheLost } = options;
  const refuse = (why: string): never => {
    throw corrupt(segment.slot.path, `byte ${position} is damaged ${why}`);
  };
  if (nextOffset < recoveryPoint) refuse(`below offset ${recoveryPoint}, which was on disk`);
  if (pageCacheLost) return;
  if (nextOffset < highWatermark) refuse(`below offset ${highWatermark}, which was committed`);
  if (!isTornTail(segment.slot.use('read'), position, segment.writtenBytes, nextOffset)) {
    refuse('and was whole once: no unfinished write looks so');
  }
}

function refuseHole(options: LoadOptions, segment: Segment, what: string): void {
  if (options.clean || !options.pageCacheLost) throw corrupt(segment.slot.path, what);
}

function cut(segment: Segment, position: number): void {
  segment.slot.use().truncateSync(position);
  segment.writtenBytes = position;
  segment.bytes = position;
}

function dropFrom(options: LoadOptions, segments: readonly Segment[], next: number, reason: string): void {
  const [first] = segments;
  if (first === undefined) return;
  if (next < options.recoveryPoint) throw corrupt(first.slot.path, reason);
  refuseHole(options, first, reason);
  for (const segment of segments) removeSegment(options, segment);
}

function removeSegment(options: LoadOptions, segment: Segment): void {
  for (const path of segment.markDeleted()) options.resources.disk.removeSync(path);
}

function corrupt(path: string, detail: string): LogError {
  return new LogError('corrupt', `${path}: ${detail}`);
}
