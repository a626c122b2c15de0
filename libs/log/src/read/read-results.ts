/**
 * The answers of a read that hold no bytes.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ReadResult } from './read-result.js';

const NO_VIEWS: readonly Uint8Array[] = [];
const nothingToRelease = (): void => undefined;

export function emptyRead(nextOffset: number): ReadResult {
  return { error: ErrorCode.NONE, views: NO_VIEWS, byteLength: 0, nextOffset, release: nothingToRelease };
}

export function failedRead(error: ErrorCode, nextOffset: number): ReadResult {
  return { error, views: NO_VIEWS, byteLength: 0, nextOffset, release: nothingToRelease };
}
