/**
 * Tells a write that the death of its process cut short from damage. Asked by recovery at the first bytes of a segment
 * that are no good batch, when the page cache is known to have survived. Reads only.
 *
 * What must hold: appends only ever extend the file, so what a crash leaves of them is shorter than it should be and
 * has nothing behind it. A whole batch with a wrong checksum, or a good one further on, was written and then damaged:
 * to cut there would throw records away that may have been acknowledged.
 */
import type { DiskFile } from '@tidemark/platform';
import {
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  batchBaseOffset,
  batchCrc,
  batchMagic,
  batchSizeBytes,
  checkBatch,
  crc32c,
} from '@tidemark/wire';

/** So far is looked for a good batch behind the damage; one that is larger than this is not found. */
const SEARCH_BYTES = 16 * 1024 * 1024;
/** The checksum covers the batch from here. */
const CHECKED_FROM = 21;
const OFFSET_SPAN = 2 ** 31;

/** Whether the bytes from `from` to `to`, where a batch of `nextOffset` was expected, may be an unfinished write. */
export function isTornTail(file: DiskFile, from: number, to: number, nextOffset: number): boolean {
  const left = Math.min(to - from, SEARCH_BYTES);
  if (left < BATCH_HEADER_BYTES) return true;
  const bytes = new Uint8Array(left);
  let filled = 0;
  while (filled < left) {
    const count = file.readSync(bytes, filled, left - filled, from + filled);
    if (count === 0) break;
    filled += count;
  }
  const rest = bytes.subarray(0, filled);
  return !isWholeButDamaged(rest, nextOffset) && !hasGoodBatch(rest, nextOffset);
}

function isWholeButDamaged(bytes: Uint8Array, nextOffset: number): boolean {
  if (batchBaseOffset(bytes, 0) === nextOffset && batchMagic(bytes, 0) === BATCH_MAGIC) {
    const size = batchSizeBytes(bytes, 0);
    if (size >= BATCH_HEADER_BYTES && size <= bytes.length) return true;
  }
  // The last batch of the file, of which only the length or the magic is wrong.
  return crc32c(bytes, CHECKED_FROM) === batchCrc(bytes, 0);
}

function hasGoodBatch(bytes: Uint8Array, nextOffset: number): boolean {
  for (let at = 0; at + BATCH_HEADER_BYTES <= bytes.length; at += 1) {
    if (batchMagic(bytes, at) !== BATCH_MAGIC) continue;
    const size = batchSizeBytes(bytes, at);
    if (size < BATCH_HEADER_BYTES || size > bytes.length - at) continue;
    const skipped = batchBaseOffset(bytes, at) - nextOffset;
    // At the very place, whatever its offset: it is a good batch that belongs elsewhere.
    if (at > 0 && (skipped < 0 || skipped > OFFSET_SPAN)) continue;
    if (checkBatch(bytes, at, size) === undefined) return true;
  }
  return false;
}
