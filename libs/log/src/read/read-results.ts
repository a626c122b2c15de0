/**
 * The answers of a read that hold no bytes.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ReadResult } from './read-result.js';

const NO_BYTES = new Uint8Array(0);
const nothingToRelease = (): void => undefined;

export function emptyRead(nextOffset: number): ReadResult {
  return { error: ErrorCode.NONE, bytes: NO_BYTES, nextOffset, release: nothingToRelease };
}

export function failedRead(error: ErrorCode, nextOffset: number): ReadResult {
  return { error, bytes: NO_BYTES, nextOffset, release: nothingToRelease };
}
