/**
 * Makes one segment of several: what compaction leaves of their batches goes to `.cleaned` files, forced to disk
 * before they are handed out. Reads and writes off the event loop, a chunk at a time. Nothing of the log changes.
 */
import { DiskError, type DiskFile } from '@tidemark/platform';
import { batchSizeBytes } from '@tidemark/wire';
import type { LogFiles } from '../log-files.js';
import { Segment } from '../segment/segment.js';
import {
  CLEANED_SUFFIX,
  SEGMENT_SUFFIXES,
  OFFSET_INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
} from '../segment/segment-names.js';
import { batchChunks } from './batch-chunks.js';
import { filterBatch, type CompactionRule } from './filter-batch.js';

export interface CleanedSegment {
  readonly segment: Segment;
  /** Nothing went and nothing was rewritten. */
  readonly isSame: boolean;
}

/** Nothing when `isOver` said so in between. Throws DamagedBatch, CompressionError, WireError, DiskError. */
export async function cleanSegments(
  files: LogFiles,
  group: readonly Segment[],
  rule: CompactionRule,
  options: { readonly indexIntervalBytes: number; isOver(): boolean },
): Promise<CleanedSegment | undefined> {
  const cleaned = begin(files, group);
  const file = cleaned.slot.pin();
  let done = false;
  let isSame = group.length === 1;
  try {
    for (const segment of group) {
      for await (const chunk of batchChunks(segment)) {
        if (options.isOver()) return undefined;
        const parts: Uint8Array[] = [];
        const position = cleaned.bytes;
        for (let at = 0; at < chunk.length; at += batchSizeBytes(chunk, at)) {
          const kept = filterBatch(chunk, at, rule);
          isSame &&= kept?.buffer === chunk.buffer;
          if (kept === undefined) continue;
          cleaned.added(kept, 0, cleaned.bytes, options.indexIntervalBytes);
          parts.push(kept);
        }
        await writeAll(file, Buffer.concat(parts), position);
      }
    }
    await file.sync();
    if (options.isOver()) return undefined;
    cleaned.writtenBytes = cleaned.bytes;
    cleaned.seal();
    for (const suffix of [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX])
      await syncFile(files, cleaned.pathOf(suffix));
    done = !options.isOver();
    return done ? { segment: cleaned, isSame } : undefined;
  } finally {
    cleaned.slot.unpin();
    cleaned.slot.close();
    if (!done) discardCleaned(files, cleaned);
  }
}

export function discardCleaned(files: LogFiles, cleaned: Segment): void {
  for (const suffix of SEGMENT_SUFFIXES) files.resources.disk.removeSync(cleaned.pathOf(suffix));
}

function begin(files: LogFiles, group: readonly Segment[]): Segment {
  const { disk, files: openFiles, clock } = files.resources;
  const [first] = group;
  const base = first?.baseOffset ?? 0;
  const cleaned = new Segment(disk, openFiles, files.directory, base, {
    openedAtMs: clock.now(),
    nameSuffix: CLEANED_SUFFIX,
  });
  discardCleaned(files, cleaned);
  cleaned.resetIndexes();
  cleaned.slot.use();
  return cleaned;
}

async function writeAll(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const count = await file.write(bytes, written, bytes.length - written, position + written);
    if (count === 0)
      throw new DiskError('short-write', file.path, `wrote ${written} of ${bytes.length} bytes`);
    written += count;
  }
}

async function syncFile(files: LogFiles, path: string): Promise<void> {
  const { disk } = files.resources;
  if (!disk.existsSync(path)) return;
  const file = disk.openSync(path, 'read');
  try {
    await file.sync();
  } finally {
    file.closeSync();
  }
}
