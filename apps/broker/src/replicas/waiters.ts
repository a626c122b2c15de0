/**
 * The one parking place of the broker: who waits for an offset to be committed (acks=all, coordinators), and who
 * waits for records to read (long polls). Both are released in the tick that wrote the records, or by their deadline.
 *
 * `CommitWaiters` belongs to one replica and holds callbacks in offset order. `ReadWaiters` belongs to one replica
 * and holds parked reads; a read may be parked at many replicas at once.
 */
import { ErrorCode } from '@tidemark/wire';

/** `NONE` when the offset is committed, else why it will not be known (`NOT_LEADER_OR_FOLLOWER`, ...). */
export type OnCommitted = (error: ErrorCode) => void;

/**
 * Callbacks for "the high watermark is at or past this offset". Offsets mostly come in ascending order; a batch that was
 * there already (sent again by its producer) waits for an earlier one.
 */
export class CommitWaiters {
  private offsets: number[] = [];
  private callbacks: OnCommitted[] = [];
  private first = 0;

  get size(): number {
    return this.offsets.length - this.first;
  }

  /** The lowest offset that somebody waits for. */
  get lowest(): number {
    return this.offsets[this.first] ?? Number.POSITIVE_INFINITY;
  }

  add(offset: number, callback: OnCommitted): void {
    let at = this.offsets.length;
    while (at > this.first && (this.offsets[at - 1] ?? 0) > offset) at -= 1;
    if (at === this.offsets.length) {
      this.offsets.push(offset);
      this.callbacks.push(callback);
      return;
    }
    this.offsets.splice(at, 0, offset);
    this.callbacks.splice(at, 0, callback);
  }

  /** Calls everybody whose offset is at most `highWatermark`, in order. */
  release(highWatermark: number): void {
    while (this.first < this.offsets.length && this.lowest <= highWatermark) this.callFirst();
    if (this.first === this.offsets.length) this.clear();
    else if (this.first > 1024) this.forgetCalled();
  }

  /** Calls everybody who waits for more than `offset` with `error`, in order; -1 is everybody. The others wait on. */
  failBeyond(offset: number, error: ErrorCode): void {
    let from = this.offsets.length;
    while (from > this.first && (this.offsets[from - 1] ?? 0) > offset) from -= 1;
    const callbacks = this.callbacks.splice(from);
    this.offsets.length = from;
    if (from === this.first) this.clear();
    for (const callback of callbacks) callback(error);
  }

  private callFirst(): void {
    const callback = this.callbacks[this.first];
    this.first += 1;
    callback?.(ErrorCode.NONE);
  }

  private clear(): void {
    this.offsets.length = this.callbacks.length = this.first = 0;
  }

  private forgetCalled(): void {
    this.offsets = this.offsets.slice(this.first);
    this.callbacks = this.callbacks.slice(this.first);
    this.first = 0;
  }
}

/** A parked read. `tryComplete` answers true when it was answered, and is not called again after that. */
export interface ParkedRead {
  tryComplete(): boolean;
}

/** Long polls of one replica. Each is asked again whenever more can be read, or the replica's state changed. */
export class ReadWaiters {
  private readonly parked = new Set<ParkedRead>();

  get size(): number {
    return this.parked.size;
  }

  add(read: ParkedRead): void {
    this.parked.add(read);
  }

  remove(read: ParkedRead): void {
    this.parked.delete(read);
  }

  /** A read that completes takes itself out, here and wherever else it is parked. */
  wake(): void {
    for (const read of this.parked) if (read.tryComplete()) this.parked.delete(read);
  }
}
