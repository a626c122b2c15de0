/**
 * Which part of a compacted log is to be compacted, and how badly. Pure.
 * Source: Kafka's `LogCleanerManager.cleanableOffsets` and `LogToClean`.
 */
import type { LogConfig } from '../config/log-config.js';
import type { SegmentSummary } from '../retention.js';

export interface CleanableSegment extends SegmentSummary {
  readonly baseOffset: number;
}

export interface CleanableLimits {
  readonly nowMs: number;
  readonly logStartOffset: number;
  /** Nothing at or above is touched: not committed, or not on disk. */
  readonly upTo: number;
  /** Where the last compaction ended; undefined when there was none. */
  readonly checkpoint: number | undefined;
}

export interface CleanableRange {
  /** Records from here on were not compacted before. */
  readonly firstDirty: number;
  /** And from here on are not now. */
  readonly firstUncleanable: number;
  /** Share of the bytes below `firstUncleanable` that was not compacted before; 0 when nothing can be done. */
  readonly dirtyRatio: number;
  /** Whether the ratio, or the time that records may wait, asks for a run. */
  readonly due: boolean;
}

/** The last of `segments` is the active one, which is never compacted. */
export function cleanableRange(
  segments: readonly CleanableSegment[],
  config: Pick<LogConfig, 'minCleanableDirtyRatio' | 'minCompactionLagMs' | 'maxCompactionLagMs'>,
  limits: CleanableLimits,
): CleanableRange {
  const closed = segments.slice(0, -1);
  const start = Math.max(limits.logStartOffset, segments[0]?.baseOffset ?? 0);
  const end = segments.at(-1)?.baseOffset ?? start;
  const { checkpoint = start } = limits;
  // A checkpoint outside of the log tells of another one: it was cut, or thrown away.
  const firstDirty = checkpoint < start || checkpoint > end ? start : checkpoint;
  let firstUncleanable = firstDirty;
  let cleanBytes = 0;
  let dirtyBytes = 0;
  let oldest = Infinity;
  for (const segment of closed) {
    if (segment.endOffset <= firstDirty) {
      cleanBytes += segment.bytes;
      continue;
    }
    const young = limits.nowMs - segment.largestTimestamp < config.minCompactionLagMs;
    if (segment.endOffset > limits.upTo || young) break;
    dirtyBytes += segment.bytes;
    firstUncleanable = segment.endOffset;
    oldest = Math.min(oldest, segment.largestTimestamp);
  }
  const dirtyRatio = dirtyBytes === 0 ? 0 : dirtyBytes / (cleanBytes + dirtyBytes);
  const waitedTooLong = limits.nowMs - oldest > config.maxCompactionLagMs;
  const due = dirtyBytes > 0 && (dirtyRatio >= config.minCleanableDirtyRatio || waitedTooLong);
  return { firstDirty, firstUncleanable, dirtyRatio, due };
}

/** Neighbours that become one segment: together not larger, nor spanning more offsets, than one may. */
export function groupSegments<Item extends CleanableSegment>(
  segments: readonly Item[],
  limits: { readonly segmentBytes: number },
): Item[][] {
  const groups: Item[][] = [];
  let group: Item[] = [];
  let bytes = 0;
  for (const segment of segments) {
    const [first] = group;
    const fits =
      first !== undefined &&
      bytes + segment.bytes <= limits.segmentBytes &&
      segment.endOffset - first.baseOffset < 2 ** 31;
    if (!fits) {
      group = [];
      groups.push(group);
      bytes = 0;
    }
    group.push(segment);
    bytes += segment.bytes;
  }
  return groups;
}
