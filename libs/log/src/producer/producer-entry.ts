/**
 * What a log knows of one idempotent producer: its epoch and its last five batches, which is as many as a producer
 * has under way. Owned by `ProducerState`. Source: Kafka's `ProducerStateEntry`.
 *
 * What must hold: batches are of the current epoch only, oldest first; a batch is remembered exactly when it is in
 * the log (staged counts).
 */
import { advanceSequence } from '@tidemark/wire';

export const BATCHES_MAX = 5;
const FIELDS = 4;
const LAST_SEQUENCE = 0;
const OFFSET_DELTA = 1;
const LAST_OFFSET = 2;
const TIMESTAMP = 3;
const SEQUENCE_LIMIT = 2 ** 31;

export interface ProducerBatch {
  readonly lastSequence: number;
  readonly lastOffset: number;
  /** Last offset minus first. */
  readonly offsetDelta: number;
  readonly timestamp: number;
}

export class ProducerEntry {
  /** Of the last end-of-transaction marker; -1 when there was none. */
  coordinatorEpoch = -1;
  /** -1 while no transaction is open. */
  currentTransactionFirstOffset = -1;
  lastTimestamp = -1;
  /** Offset of the last end-of-transaction marker; -1 when there was none since the log was opened. */
  lastMarkerOffset = -1;
  /** Whether everything that the producer ever appended here is among the batches. */
  complete = true;
  private size = 0;
  /** Rows of four numbers, oldest first. */
  private readonly rows = new Float64Array(BATCHES_MAX * FIELDS);

  constructor(
    readonly producerId: number,
    public epoch: number,
  ) {}

  get count(): number {
    return this.size;
  }

  /** -1 when no batch of the epoch is known. */
  get lastSequence(): number {
    return this.size === 0 ? -1 : this.field(this.size - 1, LAST_SEQUENCE);
  }

  /** -1 when no batch of the epoch is known. */
  get lastOffset(): number {
    return this.size === 0 ? -1 : this.field(this.size - 1, LAST_OFFSET);
  }

  batch(index: number): ProducerBatch {
    return {
      lastSequence: this.field(index, LAST_SEQUENCE),
      offsetDelta: this.field(index, OFFSET_DELTA),
      lastOffset: this.field(index, LAST_OFFSET),
      timestamp: this.field(index, TIMESTAMP),
    };
  }

  /** Index of the batch with exactly these sequences; -1 when none has. */
  find(firstSequence: number, lastSequence: number): number {
    for (let index = this.size - 1; index >= 0; index -= 1) {
      if (this.field(index, LAST_SEQUENCE) !== lastSequence) continue;
      const delta = this.field(index, OFFSET_DELTA);
      if (advanceSequence(lastSequence + SEQUENCE_LIMIT, -delta) === firstSequence) return index;
    }
    return -1;
  }

  setEpoch(epoch: number): void {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    if (this.size > 0) this.complete = false;
    this.size = 0;
  }

  add(lastSequence: number, lastOffset: number, offsetDelta: number, timestamp: number): void {
    if (this.size === BATCHES_MAX) {
      this.rows.copyWithin(0, FIELDS);
      this.complete = false;
      this.size -= 1;
    }
    const at = this.size * FIELDS;
    this.rows[at + LAST_SEQUENCE] = lastSequence;
    this.rows[at + OFFSET_DELTA] = offsetDelta;
    this.rows[at + LAST_OFFSET] = lastOffset;
    this.rows[at + TIMESTAMP] = timestamp;
    this.size += 1;
    this.lastTimestamp = timestamp;
  }

  /** Forgets batches that end at or beyond `offset`. False when what was before them is not known either. */
  truncateTo(offset: number): boolean {
    // What a marker changed cannot be told from the batches.
    if (this.lastMarkerOffset >= offset) return false;
    while (this.size > 0 && this.lastOffset >= offset) this.size -= 1;
    return this.size > 0 || this.complete;
  }

  private field(index: number, field: number): number {
    return this.rows[index * FIELDS + field] ?? -1;
  }
}
