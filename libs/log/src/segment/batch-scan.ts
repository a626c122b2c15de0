/**
 * Walks over the batches of a log file from a position on, showing each where it lies in a buffer. Used by recovery,
 * by the rebuilding of producer state and by whoever looks for the end of a segment. Synchronous: it runs when a log
 * is opened or truncated.
 *
 * What must hold: the walk ends at the first bytes that cannot be a batch, so what was shown is a valid prefix.
 */
import type { DiskFile } from '@tidemark/platform';
import { BATCH_HEADER_BYTES, BATCH_MAGIC, batchMagic, batchSizeBytes, checkBatch } from '@tidemark/wire';

const BUFFER_BYTES = 1 << 20;

export interface ScanOptions {
  readonly from: number;
  /** Valid bytes of the file end here. */
  readonly to: number;
  /** Whether checksums are checked, or headers believed (a file that was closed in order). */
  readonly verify: boolean;
}

/** Shown each batch: it begins at `at` in `bytes` and at `position` in the file. False ends the walk. */
export type BatchVisitor = (bytes: Uint8Array, at: number, position: number) => boolean;

let shared: Uint8Array | undefined;

/** Where the walk ended: at `to`, at the first byte that is no batch, or where the visitor said so. */
export function scanBatches(file: DiskFile, options: ScanOptions, visit: BatchVisitor): number {
  let buffer = (shared ??= new Uint8Array(BUFFER_BYTES));
  let { to } = options;
  let position = options.from;
  while (position < to) {
    const wanted = Math.min(buffer.length, to - position);
    const filled = fill(file, buffer, position, wanted);
    // The file is shorter than was said.
    if (filled < wanted) to = position + filled;
    let at = 0;
    while (position + at < to) {
      const size = sizeOfNext(buffer, at, filled, to - position - at);
      if (size < 0) return position + at;
      if (size > filled - at) break;
      if (options.verify && checkBatch(buffer, at, size) !== undefined) return position + at;
      if (!visit(buffer, at, position + at)) return position + at;
      at += size;
    }
    // A batch larger than the buffer gets a buffer of its own; the file's size bounds it.
    if (at === 0) buffer = new Uint8Array(batchSizeBytes(buffer, 0));
    position += at;
  }
  return position;
}

/** The next batch's size; larger than what is filled when more must be read first; -1 when it is none. */
function sizeOfNext(buffer: Uint8Array, at: number, filled: number, left: number): number {
  if (left < BATCH_HEADER_BYTES) return -1;
  if (filled - at < BATCH_HEADER_BYTES) return BATCH_HEADER_BYTES;
  const size = batchSizeBytes(buffer, at);
  if (size < BATCH_HEADER_BYTES || size > left || batchMagic(buffer, at) !== BATCH_MAGIC) return -1;
  return size;
}

function fill(file: DiskFile, buffer: Uint8Array, position: number, length: number): number {
  let filled = 0;
  while (filled < length) {
    const count = file.readSync(buffer, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
