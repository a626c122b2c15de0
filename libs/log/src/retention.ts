/**
 * Which of the oldest segments may go: by age, by size, and because the log begins after them. Pure.
 * Source: Kafka's `UnifiedLog.deleteOldSegments`.
 */
import type { LogConfig } from './config/log-config.js';

export interface SegmentSummary {
  readonly bytes: number;
  /** Of its records, or when it was opened if they have none. */
  readonly largestTimestamp: number;
  /** One past its last offset. */
  readonly endOffset: number;
}

export interface RetentionLimits {
  readonly nowMs: number;
  readonly logStartOffset: number;
  /** Nothing above is deleted. */
  readonly highWatermark: number;
}

/** How many segments, counted from the oldest, are to go; the active one is among `segments` and may be counted. */
export function expiredSegments(
  segments: readonly SegmentSummary[],
  config: Pick<LogConfig, 'deletes' | 'retentionMs' | 'retentionBytes'>,
  limits: RetentionLimits,
): number {
  let excess = -Infinity;
  if (config.deletes && config.retentionBytes >= 0) {
    excess = segments.reduce((sum, segment) => sum + segment.bytes, 0) - config.retentionBytes;
  }
  let count = 0;
  for (const [index, segment] of segments.entries()) {
    const tooOld =
      config.deletes &&
      config.retentionMs >= 0 &&
      limits.nowMs - segment.largestTimestamp > config.retentionMs;
    const tooMuch = excess >= segment.bytes;
    const before = segment.endOffset <= limits.logStartOffset;
    // One that compaction emptied is like any other; an empty active one is not.
    const isEmptyActive = segment.bytes === 0 && index === segments.length - 1;
    if (isEmptyActive || segment.endOffset > limits.highWatermark) break;
    if (!tooOld && !tooMuch && !before) break;
    excess -= segment.bytes;
    count += 1;
  }
  return count;
}
