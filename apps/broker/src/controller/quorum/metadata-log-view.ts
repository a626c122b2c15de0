/**
 * The metadata log as the quorum's machine sees it: `PartitionLog` and the snapshots before it. Holds nothing.
 */
import type { PartitionLog } from '@tidemark/log';
import type { EpochEnd, LogView } from '@tidemark/replication';
import type { Snapshots } from './snapshots.js';

export class MetadataLogView implements LogView {
  constructor(
    private readonly log: PartitionLog,
    private readonly snapshots: Snapshots,
  ) {}

  get startOffset(): number {
    return this.log.logStartOffset;
  }

  get startEpoch(): number {
    return this.snapshots.startEpoch;
  }

  get endOffset(): number {
    return this.log.logEndOffset;
  }

  get flushedOffset(): number {
    return this.log.flushedEnd;
  }

  get lastEpoch(): number {
    const atStart = this.log.logEndOffset === this.log.logStartOffset ? this.startEpoch : 0;
    return Math.max(this.log.latestEpoch, atStart, 0);
  }

  get snapshot(): EpochEnd | undefined {
    return this.snapshots.newest;
  }

  /** The log answers "unknown" for epochs above its last; the machine wants the nearest below. */
  endOffsetForEpoch(epoch: number): EpochEnd {
    if (epoch >= this.lastEpoch) return { epoch: this.lastEpoch, endOffset: this.endOffset };
    const { leaderEpoch, endOffset } = this.log.endOffsetForEpoch(epoch);
    return { epoch: leaderEpoch, endOffset };
  }
}
