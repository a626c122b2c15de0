/**
 * A topic may have a codec of its own: then a batch that came in another is packed anew, its records, producer fields
 * and timestamps unchanged (P9). With `producer`, the default, every batch stays as it came.
 */
import {
  BATCH_HEADER_BYTES,
  CODEC_NAMES,
  Codec,
  CompressionError,
  DECOMPRESSED_BYTES_MAX,
  ErrorCode,
  batchCodec,
  compress,
  readBatchHeader,
  recordsOf,
  writeBatchHeader,
} from '@tidemark/wire';
import { refuse } from './append.js';
import type { AppendResult } from './append-result.js';

const CODEC_BITS = 0x07;

/** The batch to store; nothing when it cannot be made, then `result` says why. */
export function recode(
  batch: Uint8Array,
  compressionType: string,
  result: AppendResult,
): Uint8Array | undefined {
  if (compressionType === 'producer') return batch;
  const codec =
    compressionType === 'uncompressed' ? Codec.NONE : CODEC_NAMES.findIndex((n) => n === compressionType);
  if (codec < 0 || batchCodec(batch, 0) === codec) return batch;
  try {
    const payload = compress(codec, recordsOf(batch, 0, DECOMPRESSED_BYTES_MAX));
    const recoded = new Uint8Array(BATCH_HEADER_BYTES + payload.length);
    recoded.set(payload, BATCH_HEADER_BYTES);
    const header = readBatchHeader(batch, 0);
    const attributes = (header.attributes & ~CODEC_BITS) | codec;
    writeBatchHeader(recoded, 0, recoded.length, { ...header, attributes });
    return recoded;
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    const unsupported = error.code === 'unsupported';
    refuse(
      result,
      unsupported ? ErrorCode.UNSUPPORTED_COMPRESSION_TYPE : ErrorCode.INVALID_RECORD,
      error.message,
    );
    return undefined;
  }
}
