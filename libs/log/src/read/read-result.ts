/**
 * What a read answers: whole record batches in the log's memory or a pooled buffer, in one piece.
 */

import type { ErrorCode } from '@tidemark/wire';

export interface ReadResult {
  /** `ErrorCode.NONE`, OFFSET_OUT_OF_RANGE (below the log's start or beyond its end) or KAFKA_STORAGE_ERROR. */
  readonly error: ErrorCode;
  /** Whole batches, ascending. The first may begin below the offset asked for. Less than there is, at times. */
  readonly bytes: Uint8Array;
  /** One past the last offset in `bytes`; the offset asked for when there is none. */
  readonly nextOffset: number;
  /** Gives the memory back. Call it once, when nobody looks at the bytes any more (sent, or copied). */
  release(): void;
}

export interface ReadOptions {
  /** Only batches that end below this offset (high watermark, last stable offset, log end). */
  readonly upTo: number;
  /** Answer the first batch even when it is larger than what was asked for. */
  readonly minOneBatch: boolean;
}
