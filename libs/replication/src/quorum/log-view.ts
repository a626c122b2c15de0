/**
 * What the quorum has to know of the log that it agrees on, and what two replicas have to tell each other to find out
 * where their logs part. Pure; the view is read at the moment of a step, the log itself is the driver's.
 *
 * Where logs part is found by epochs, never by the high watermark (KIP-101, KIP-279): an epoch has one leader, and a
 * leader only appends, so two logs that hold the same epoch agree up to the shorter end of it.
 */

export interface EpochEnd {
  readonly epoch: number;
  /** The offset after the last record of that epoch. */
  readonly endOffset: number;
}

export interface LogView {
  /** The first offset that can still be read; what is below is in a snapshot. */
  readonly startOffset: number;
  /** Of the last record below the start, as the snapshot that ends there says; 0 when the log begins at 0. */
  readonly startEpoch: number;
  readonly endOffset: number;
  /** Everything below is on the disk. */
  readonly flushedOffset: number;
  /** Of the last record, or of the snapshot that the log begins with; 0 of an empty log. */
  readonly lastEpoch: number;
  /** The largest epoch of the log that is not above the one asked, and its end; the log's start below the first. */
  endOffsetForEpoch(epoch: number): EpochEnd;
  /** The newest snapshot; a log that does not begin at 0 has one that ends at its start or beyond. */
  readonly snapshot: EpochEnd | undefined;
}

/** Where a reader's log stands in relation to ours: may it be read on, cut back, or replaced by a snapshot. */
export type Comparison =
  | { readonly is: 'prefix' }
  | { readonly is: 'diverging'; readonly diverging: EpochEnd }
  | { readonly is: 'behind-start'; readonly snapshot: EpochEnd };

/** Compares a reader's log, which ends at `offset` with a record of `lastEpoch`, with this one. */
export function compareLogs(log: LogView, offset: number, lastEpoch: number): Comparison {
  const { startOffset, startEpoch, snapshot } = log;
  if (offset === 0 && startOffset === 0) return { is: 'prefix' };
  if (snapshot !== undefined && startOffset > 0) {
    const unknown = offset < startOffset || lastEpoch < startEpoch;
    if (unknown || (offset === startOffset && lastEpoch !== startEpoch))
      return { is: 'behind-start', snapshot };
    if (offset === startOffset) return { is: 'prefix' };
  }
  const end = log.endOffsetForEpoch(lastEpoch);
  if (end.epoch === lastEpoch && end.endOffset >= offset) return { is: 'prefix' };
  return { is: 'diverging', diverging: end };
}

/** Where a follower cuts its log after a leader has told where the logs may part at the latest. */
export function truncationOffset(log: LogView, diverging: EpochEnd): number {
  return Math.min(diverging.endOffset, log.endOffsetForEpoch(diverging.epoch).endOffset, log.endOffset);
}
