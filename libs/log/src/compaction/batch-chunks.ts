/**
 * The batches of a segment file, a chunk of whole ones at a time, read off the event loop: what compaction goes
 * through. Between two chunks others have their turn.
 *
 * What must hold: every batch that is handed out has a right checksum; one that has not ends the walk with
 * `LogError('corrupt')`, because to leave it out would be to lose it.
 */
import {
  BATCH_HEADER_BYTES,
  batchBaseOffset,
  batchLastOffset,
  batchSizeBytes,
  checkBatch,
} from '@tidemark/wire';
import { LogError } from '../log-error.js';
import type { Segment } from '../segment/segment.js';

const CHUNK_BYTES = 128 * 1024;

/** The offset at which a damaged batch was found. */
export class DamagedBatch extends LogError {
  constructor(
    path: string,
    readonly offset: number,
  ) {
    super('corrupt', `${path}: the batch after offset ${offset - 1} is damaged`);
  }
}

/** What is yielded is overwritten by the next chunk. Throws DamagedBatch, DiskError. */
export async function* batchChunks(segment: Segment, from = 0): AsyncGenerator<Uint8Array, void> {
  const file = segment.slot.pin();
  try {
    let buffer = new Uint8Array(Math.min(CHUNK_BYTES, segment.writtenBytes));
    let position = from;
    let nextOffset = segment.baseOffset;
    while (position < segment.writtenBytes) {
      const wanted = Math.min(buffer.length, segment.writtenBytes - position);
      const filled = await file.read(buffer, 0, wanted, position);
      let at = 0;
      while (filled - at >= BATCH_HEADER_BYTES) {
        const size = batchSizeBytes(buffer, at);
        if (size > filled - at && position + at + size <= segment.writtenBytes) break;
        if (checkBatch(buffer, at, filled - at) !== undefined || batchBaseOffset(buffer, at) < nextOffset) {
          throw new DamagedBatch(segment.slot.path, nextOffset);
        }
        nextOffset = batchLastOffset(buffer, at) + 1;
        at += size;
      }
      if (at > 0) yield buffer.subarray(0, at);
      // The file is shorter than it was.
      else if (filled < wanted || filled < BATCH_HEADER_BYTES)
        throw new DamagedBatch(segment.slot.path, nextOffset);
      else buffer = new Uint8Array(batchSizeBytes(buffer, 0));
      position += at;
    }
  } finally {
    segment.slot.unpin();
  }
}

/** What goes through segments, with damage that it comes across told before it rejects. */
export function tellingDamage<Result>(
  walk: Promise<Result>,
  tell: (offset: number) => void,
): Promise<Result> {
  return walk.catch((cause: unknown) => {
    if (cause instanceof DamagedBatch) tell(cause.offset);
    throw cause;
  });
}
