/**
 * Reads the closed segments of one log from end to end and checks every batch, for what nobody reads nobody knows to be
 * whole. A chunk at a time, off the event loop; after each the caller says how long to rest. Called by
 * `partition-log.ts`.
 *
 * What must hold: what is told as damage is damage. A log may be cut, compacted, rolled or closed under the walk, and a
 * disk may err once: a segment that is as it was is read twice before it is given up.
 */
import { DamagedBatch, batchChunks } from '../compaction/batch-chunks.js';
import type { Segment } from '../segment/segment.js';
import type { Segments } from '../segment/segments.js';

/** Rests for as long as `bytes` are worth. False: that is enough, for the log is closed or nobody wants to know. */
export type Pace = (bytes: number) => Promise<boolean>;

const ATTEMPTS = 2;

/** Rejects with DamagedBatch at the first damage, and with DiskError. */
export async function scrubSegments(segments: Segments, flushedEnd: () => number, pace: Pace): Promise<void> {
  let from = 0;
  for (;;) {
    const segment = nextClosed(segments, from, flushedEnd());
    if (segment === undefined) return;
    from = segment.baseOffset + 1;
    if (!(await scrubSegment(segment, pace))) return;
  }
}

/** What is not on the device yet is in memory anyhow, and may still be cut. */
function nextClosed(segments: Segments, from: number, flushedEnd: number): Segment | undefined {
  return segments
    .all()
    .find(({ baseOffset }, index) => baseOffset >= from && segments.endOf(index, Infinity) <= flushedEnd);
}

async function scrubSegment(segment: Segment, pace: Pace): Promise<boolean> {
  const { writtenBytes } = segment;
  const hasChanged = (): boolean => segment.deleted || segment.writtenBytes !== writtenBytes;
  for (let attempt = 1; !hasChanged(); attempt += 1) {
    try {
      for await (const { length } of batchChunks(segment)) {
        if (!(await pace(length))) return false;
        if (hasChanged()) return true;
      }
      return true;
    } catch (cause) {
      const certain = !(cause instanceof DamagedBatch) || attempt === ATTEMPTS;
      if (certain && !hasChanged()) throw cause;
    }
  }
  return true;
}
