/**
 * One partition of a fetch: what was asked, and what can be answered now. Holds nothing between two looks but the
 * bytes of the last read. Called by `fetch-request.ts` and
 * `follower-session.ts`.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ReadResult } from '@tidemark/log';
import type { Replica } from './replica.js';

export interface PartitionReadOptions {
  readonly partition: number;
  readonly fetchOffset: number;
  /** -1: the asker does not know it. */
  readonly currentLeaderEpoch: number;
  /** Epoch of the last record that the asker has; -1: not to be checked. */
  readonly lastFetchedEpoch: number;
  readonly bytesMax: number;
}

export class PartitionRead {
  error: ErrorCode = ErrorCode.NONE;
  /** Where the asker's log leaves ours, when it does. */
  diverging: { readonly epoch: number; readonly endOffset: number } | undefined;
  result: ReadResult | undefined;
  highWatermark = -1;
  lastStableOffset = -1;
  logStartOffset = -1;

  constructor(
    readonly asked: PartitionReadOptions,
    /** The replica that leads the partition here, or the error to answer. */
    readonly replica: Replica | ErrorCode,
    /** Followers copy what is written; consumers read what is committed. */
    private readonly byFollower = false,
  ) {}

  get partition(): number {
    return this.asked.partition;
  }

  /** Answered at once, whatever the other partitions have. */
  get decided(): boolean {
    return this.error !== ErrorCode.NONE || this.diverging !== undefined;
  }

  /** Looks at the replica as it is now: epoch, offset, divergence. Reads nothing. */
  look(): void {
    if (typeof this.replica === 'number') {
      this.error = this.replica;
      return;
    }
    const { replica, asked } = this;
    this.diverging = undefined;
    this.error = replica.availability;
    if (this.error === ErrorCode.NONE) this.error = replica.checkEpoch(asked.currentLeaderEpoch);
    if (this.error === ErrorCode.NONE) this.checkLastEpoch(replica);
    const { fetchOffset } = asked;
    if (!this.decided && (fetchOffset < replica.logStartOffset || fetchOffset > replica.logEndOffset)) {
      this.error = ErrorCode.OFFSET_OUT_OF_RANGE;
    }
    const readable = this.error === ErrorCode.NONE;
    this.highWatermark = readable ? replica.highWatermark : -1;
    this.lastStableOffset = readable ? replica.lastStableOffset : -1;
    this.logStartOffset =
      readable || this.error === ErrorCode.OFFSET_OUT_OF_RANGE ? replica.logStartOffset : -1;
  }

  /** Bytes that a read would find, an estimate that is never zero when there is a record. */
  available(): number {
    if (this.decided || typeof this.replica === 'number') return 0;
    const { fetchOffset, bytesMax } = this.asked;
    const upTo = this.byFollower ? this.replica.log.writtenEnd : this.replica.highWatermark;
    if (fetchOffset >= upTo) return 0;
    return Math.max(1, Math.min(bytesMax, this.replica.log.bytesBetween(fetchOffset, upTo)));
  }

  /** Reads up to `bytesMax`; at once, or by a promise that `result` is set when it resolves. */
  read(bytesMax: number, minOneBatch: boolean): Promise<void> | undefined {
    if (typeof this.replica === 'number') return undefined;
    const { fetchOffset } = this.asked;
    const most = Math.min(bytesMax, this.asked.bytesMax);
    const read = this.byFollower
      ? this.replica.readForFollower(fetchOffset, most, minOneBatch)
      : this.replica.read(fetchOffset, most, minOneBatch);
    if (!(read instanceof Promise)) {
      this.take(read);
      return undefined;
    }
    return read.then(
      (result) => this.take(result),
      () => {
        this.error = ErrorCode.KAFKA_STORAGE_ERROR;
      },
    );
  }

  /** The bytes of the last read may be reused by the log. */
  release(): void {
    this.result?.release();
    this.result = undefined;
  }

  private take(result: ReadResult): void {
    if (result.error === ErrorCode.NONE) this.result = result;
    else {
      this.error = result.error;
      result.release();
    }
  }

  /** KIP-595's check in Fetch: the asker's last epoch ended earlier here, or is not known here at all. */
  private checkLastEpoch(replica: Replica): void {
    const { lastFetchedEpoch, fetchOffset } = this.asked;
    if (lastFetchedEpoch === -1) return;
    const { leaderEpoch, endOffset } = replica.log.endOffsetForEpoch(lastFetchedEpoch);
    if (endOffset === -1) this.error = ErrorCode.OFFSET_OUT_OF_RANGE;
    else if (endOffset < fetchOffset || leaderEpoch < lastFetchedEpoch) {
      this.diverging = { epoch: leaderEpoch, endOffset };
    }
  }
}
