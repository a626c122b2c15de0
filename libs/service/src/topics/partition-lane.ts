/**
 * The bounded queue between whoever fetches one partition and the `onBatch` that takes its batches one at a time. Holds
 * the next position to fetch and the position behind what was taken. Made per partition by the tails and ownerships of
 * both implementations of the port.
 *
 * What must hold: a batch is accepted only when it starts exactly at the fetch position, so nothing is skipped and
 * nothing is given twice, whatever the client below does; a batch that `onBatch` rejects is given again until it is
 * taken or the lane ends; after `end` or `seek` nothing of the old queue is given.
 */
import type { Clock, Timer } from '@tidemark/platform';
import type { DeliveredBatch, ReaderOptions } from './topics.js';

export interface LaneOptions {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly clock: Clock;
  readonly onBatch: ReaderOptions['onBatch'];
  /** The queue has reached its limit (true: stop fetching) or is half empty again (false). */
  readonly onFull: (full: boolean) => void;
  /** After every batch taken. */
  readonly onTaken: () => void;
  /** A rejection of `onBatch`; the same batch follows after a pause. */
  readonly onRejected: (error: unknown, batch: DeliveredBatch, attempt: number) => void;
}

/** Records waiting in a lane; beyond it fetching stops. */
const QUEUED_RECORDS_MAX = 4_000;
const BACK_OFF_MS = 100;
const BACK_OFF_MAX_MS = 5_000;

export class PartitionLane {
  readonly topic: string;
  readonly partition: number;
  readonly #options: LaneOptions;
  #queue: DeliveredBatch[] = [];
  #queuedRecords = 0;
  #fetchPosition: number;
  #position: number;
  #full = false;
  #paused = false;
  #ended = false;
  /** Counts seeks: a batch taken before the last one moves no position. */
  #era = 0;
  #inHand: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
    this.#fetchPosition = options.position;
    this.#position = options.position;
  }

  /** Where the next batch must start. */
  get fetchPosition(): number {
    return this.#fetchPosition;
  }

  /** Behind what `onBatch` has taken. */
  get position(): number {
    return this.#position;
  }

  get full(): boolean {
    return this.#full;
  }

  /** False: the batch does not start where it should and was not taken; fetch from `fetchPosition`. */
  offer(batch: DeliveredBatch): boolean {
    if (this.#ended || batch.position !== this.#fetchPosition) return false;
    this.#fetchPosition = batch.nextPosition;
    this.#queue.push(batch);
    this.#queuedRecords += batch.records.length;
    this.#tellFull();
    this.#deliver();
    return true;
  }

  /** Drops what waits; the next batch must start at `position`. The batch in hand is finished, but counts no more. */
  seek(position: number): void {
    this.#era += 1;
    this.#queue = [];
    this.#queuedRecords = 0;
    this.#fetchPosition = position;
    this.#position = position;
    this.#wake?.();
    this.#tellFull();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  /** Nothing is given any more. Resolves when the batch in hand, if there is one, has been finished with. */
  end(): Promise<void> {
    this.#ended = true;
    this.#queue = [];
    this.#queuedRecords = 0;
    this.#wake?.();
    return this.#inHand ?? Promise.resolve();
  }

  #tellFull(): void {
    if (!this.#full && this.#queuedRecords >= QUEUED_RECORDS_MAX) this.#full = true;
    else if (this.#full && this.#queuedRecords <= QUEUED_RECORDS_MAX / 2) this.#full = false;
    else return;
    if (!this.#ended) this.#options.onFull(this.#full);
  }

  #deliver(): void {
    if (this.#inHand !== undefined || this.#ended || this.#paused || this.#queue.length === 0) return;
    this.#inHand = this.#deliverQueue().finally(() => {
      this.#inHand = undefined;
      this.#deliver();
    });
  }

  async #deliverQueue(): Promise<void> {
    for (;;) {
      const batch = this.#ended || this.#paused ? undefined : this.#queue.shift();
      if (batch === undefined) return;
      this.#queuedRecords -= batch.records.length;
      const era = this.#era;
      const taken = await this.#give(batch, era);
      if (taken && era === this.#era) {
        this.#position = batch.nextPosition;
        if (!this.#ended) this.#options.onTaken();
      }
      this.#tellFull();
    }
  }

  /** Until it is taken; false when the lane was ended or moved meanwhile. */
  async #give(batch: DeliveredBatch, era: number): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const taking = this.#options.onBatch(batch);
        if (taking !== undefined) await taking;
        return true;
      } catch (error) {
        if (this.#ended || era !== this.#era) return false;
        this.#options.onRejected(error, batch, attempt);
        await this.#sleep(Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** Math.min(attempt - 1, 10)));
        if (this.#isOver(era)) return false;
      }
    }
  }

  #isOver(era: number): boolean {
    return this.#ended || era !== this.#era;
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#options.clock.setTimer(delayMs, () => this.#wake?.());
      this.#wake = () => {
        timer.cancel();
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
