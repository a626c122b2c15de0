/**
 * What a read answers: whole record batches as views into the log's memory or a pooled buffer.
 */

import type { ErrorCode } from '@tidemark/wire';

export interface ReadResult {
  /** `ErrorCode.NONE`, OFFSET_OUT_OF_RANGE (below the log's start or beyond its end) or KAFKA_STORAGE_ERROR. */
  readonly error: ErrorCode;
  /** Whole batches, ascending. The first may begin below the offset asked for. */
  readonly views: readonly Uint8Array[];
  readonly byteLength: number;
  /** One past the last offset in `views`; the offset asked for when there is none. */
  readonly nextOffset: number;
  /** Gives the memory back. Call it once, when nobody looks at the views any more (sent, or copied). */
  release(): void;
}

export interface ReadOptions {
  /** Only batches that end below this offset (high watermark, last stable offset, log end). */
  readonly upTo: number;
  /** Answer the first batch even when it is larger than what was asked for. */
  readonly minOneBatch: boolean;
}
