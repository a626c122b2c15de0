/**
 * One Fetch between request and answer: looks at all its partitions, reads what fits into the limits, and parks itself
 * at their replicas while there is too little. Holds the partitions and the bytes read for them until they are
 * encoded. Made by the Fetch handler; woken by replicas (more is committed, or their role changed) and its deadline.
 *
 * What must hold: bytes read are released exactly once, after the answer is encoded; the first batch of the first
 * partition that has one is answered however large it is, so that a reader always gets on.
 */
import type { Deadline, Deadlines } from './deadlines.js';
import type { PartitionRead } from './partition-read.js';
import type { ParkedRead } from './waiters.js';

export interface FetchLimits {
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxWaitMs: number;
}

export interface FetchAsker {
  /** Nobody waits for the answer any more. */
  readonly closed: boolean;
  /** The broker stops and answers with what there is. */
  readonly stopping: boolean;
}

/** A parked request looks this often whether its client is still there, milliseconds. */
const ALIVE_CHECK_MS = 5_000;

export class FetchInProgress implements ParkedRead {
  private answered = false;
  private reading = false;
  private parked = false;
  private waitLeftMs: number;
  private deadline: Deadline | undefined;

  constructor(
    readonly partitions: readonly PartitionRead[],
    private readonly limits: FetchLimits,
    private readonly asker: FetchAsker,
    private readonly deadlines: Deadlines,
    /** Encodes the answer from `partitions`; their bytes are released when it returns. */
    private readonly answer: () => void,
  ) {
    this.waitLeftMs = limits.maxWaitMs;
  }

  start(): void {
    if (!this.tryComplete()) this.park();
  }

  tryComplete(): boolean {
    if (this.answered) return true;
    if (this.reading) return false;
    let available = 0;
    let decided = this.atOnce();
    for (const partition of this.partitions) {
      partition.look();
      decided ||= partition.decided;
      available += partition.available();
    }
    if (!decided && available < Math.min(this.limits.minBytes, this.limits.maxBytes)) return false;
    if (!decided && available === 0) return false;
    this.read(available);
    return this.answered;
  }

  /** There is nothing to wait for, or nobody, or no time. */
  private atOnce(): boolean {
    const { closed, stopping } = this.asker;
    return (
      closed || stopping || this.waitLeftMs <= 0 || this.limits.minBytes <= 0 || this.partitions.length === 0
    );
  }

  private read(available: number): void {
    const later: Promise<void>[] = [];
    let left = this.limits.maxBytes;
    let first = true;
    for (const partition of this.partitions) {
      if (available === 0 || left <= 0 || partition.available() === 0) continue;
      const pending = partition.read(left, first);
      first = false;
      if (pending !== undefined) later.push(pending);
      left -= partition.result?.bytes.length ?? partition.asked.bytesMax;
    }
    if (later.length === 0) {
      this.complete();
      return;
    }
    this.reading = true;
    void Promise.all(later).then(() => this.complete());
  }

  private complete(): void {
    this.answered = true;
    this.unpark();
    this.answer();
    for (const partition of this.partitions) partition.release();
  }

  private park(): void {
    this.parked = true;
    for (const { replica } of this.partitions) if (typeof replica !== 'number') replica.readers.add(this);
    this.arm();
  }

  private arm(): void {
    const delayMs = Math.min(this.waitLeftMs, ALIVE_CHECK_MS);
    this.deadline = this.deadlines.set(delayMs, () => {
      this.waitLeftMs -= delayMs;
      if (!this.tryComplete() && !this.reading) this.arm();
    });
  }

  private unpark(): void {
    if (this.deadline !== undefined) this.deadlines.cancel(this.deadline);
    if (!this.parked) return;
    this.parked = false;
    for (const { replica } of this.partitions) if (typeof replica !== 'number') replica.readers.remove(this);
  }
}
