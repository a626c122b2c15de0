/**
 * Producer state of a log that is opened or was truncated: the newest good snapshot that is not beyond its end, and
 * on top of it the headers of the batches that came after.
 */
import { batchBaseOffset, batchLastOffset } from '@tidemark/wire';
import type { LogResources } from '../log-resources.js';
import { scanBatches } from '../segment/batch-scan.js';
import { SNAPSHOT_SUFFIX, SEQUENCES_SUFFIX, offsetOfFileName } from '../segment/segment-names.js';
import type { Segments } from '../segment/segments.js';
import { readProducerSnapshot, removeProducerSnapshot, type SnapshotFound } from './producer-snapshot.js';
import { ProducerState } from './producer-state.js';

/** Read at the most to complete a snapshot, a single larger segment apart. */
const COMPLETION_BYTES_MAX = 64 * 1024 * 1024;

interface Place {
  readonly resources: LogResources;
  readonly directory: string;
}

export function loadProducers(
  place: Place,
  names: readonly string[],
  segments: Segments,
  logEndOffset: number,
): ProducerState {
  const state = new ProducerState();
  const bases = new Set(segments.all().map((segment) => segment.baseOffset));
  const within = snapshotOffsets(names).filter((offset) => offset <= logEndOffset);
  // One per segment and the newest are of use; the others are left from earlier closes.
  for (const offset of within.slice(0, -1)) {
    if (!bases.has(offset)) removeProducerSnapshot(place.resources.disk, place.directory, offset);
  }
  rebuildProducers(place, names, segments, { logEndOffset, state });
  return state;
}

/** Fills `state` anew. Snapshots that turn out bad, or tell of what was cut off, are removed. */
export function rebuildProducers(
  place: Place,
  names: readonly string[],
  segments: Segments,
  into: { readonly logEndOffset: number; readonly state: ProducerState },
): void {
  const { disk, rules } = place.resources;
  const { state, logEndOffset } = into;
  let from = segments.first.baseOffset;
  let found: SnapshotFound = 'none';
  for (const offset of snapshotOffsets(names).reverse()) {
    found = offset <= logEndOffset ? readProducerSnapshot(disk, place.directory, offset, state) : 'none';
    if (found !== 'none') {
      from = offset;
      break;
    }
    removeProducerSnapshot(disk, place.directory, offset);
  }
  if (found === 'none') state.clear();
  if (found === 'last-only') complete(segments, from, state);
  replay(segments, rules.replayFrom(from, logEndOffset), logEndOffset, state);
  // A state that is exactly a snapshot on disk need not be written again.
  state.dirty = !(found === 'complete' && from === logEndOffset);
}

/**
 * A snapshot by Kafka, or one whose `.sequences` are lost: the batches before each producer's last are found by their
 * headers, in the segments before the snapshot and within bounds.
 */
function complete(segments: Segments, offset: number, state: ProducerState): void {
  let first = Math.max(segments.indexFor(offset - 1), 0);
  let bytes = segments.at(first).writtenBytes;
  while (first > 0 && bytes + segments.at(first - 1).writtenBytes <= COMPLETION_BYTES_MAX) {
    first -= 1;
    bytes += segments.at(first).writtenBytes;
  }
  const past = new ProducerState();
  replay(segments, segments.at(first).baseOffset, offset, past);
  for (const known of [...state.all()]) {
    const found = past.get(known.producerId);
    if (found?.epoch !== known.epoch || found.lastOffset !== known.lastOffset) continue;
    found.lastTimestamp = known.lastTimestamp;
    found.coordinatorEpoch = known.coordinatorEpoch;
    found.currentTransactionFirstOffset = known.currentTransactionFirstOffset;
    found.complete = false;
    state.restore(found);
  }
}

function replay(segments: Segments, from: number, logEndOffset: number, state: ProducerState): void {
  if (from >= logEndOffset) return;
  for (let index = Math.max(segments.indexFor(from), 0); index < segments.count; index += 1) {
    const segment = segments.at(index);
    if (segment.writtenBytes === 0) continue;
    const position = from > segment.baseOffset ? segment.offsetIndex.positionBefore(from) : 0;
    const range = { from: position, to: segment.writtenBytes, verify: false };
    scanBatches(segment.slot.use(), range, (bytes, at) => {
      if (batchBaseOffset(bytes, at) >= logEndOffset) return false;
      if (batchLastOffset(bytes, at) >= from) state.record(bytes, at);
      return true;
    });
  }
}

function snapshotOffsets(names: readonly string[]): number[] {
  const offsets = new Set<number>();
  for (const name of names) {
    const offset = offsetOfFileName(name, SNAPSHOT_SUFFIX) ?? offsetOfFileName(name, SEQUENCES_SUFFIX);
    if (offset !== undefined) offsets.add(offset);
  }
  return [...offsets].sort((one, other) => one - other);
}
