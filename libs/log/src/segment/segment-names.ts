/**
 * What the files of a partition are called: the base offset in 20 digits and a suffix. Pure.
 */

export const LOG_SUFFIX = '.log';
export const OFFSET_INDEX_SUFFIX = '.index';
export const TIME_INDEX_SUFFIX = '.timeindex';
export const TRANSACTION_INDEX_SUFFIX = '.txnindex';
/** Named by the first offset that the snapshot does not cover. */
export const SNAPSHOT_SUFFIX = '.snapshot';
/** Beside a snapshot: what Kafka's format has no room for. */
export const SEQUENCES_SUFFIX = '.sequences';
/** Appended to the name of a file that is gone for readers and waits to be removed. */
export const DELETED_SUFFIX = '.deleted';
/** Of a segment that compaction is writing. */
export const CLEANED_SUFFIX = '.cleaned';
/** Of a compacted segment that is complete, while it takes the place of others. */
export const SWAP_SUFFIX = '.swap';

export const SEGMENT_SUFFIXES = [
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
] as const;

export function offsetFileName(offset: number, suffix: string): string {
  return `${String(offset).padStart(20, '0')}${suffix}`;
}

/** The offset in a name of exactly this suffix; nothing for any other name. */
export function offsetOfFileName(name: string, suffix: string): number | undefined {
  if (name.length !== 20 + suffix.length || !name.endsWith(suffix)) return undefined;
  const digits = name.slice(0, 20);
  return /^\d{20}$/.test(digits) ? Number(digits) : undefined;
}
