/**
 * Every idempotent producer of one log, and whether a batch of theirs continues what is there, repeats it, or fits
 * nowhere. Fed by each append, rebuilt from snapshots and batch headers when a log is opened or truncated.
 *
 * Sources: KIP-98, KIP-360 (an unknown producer may begin at any sequence), Kafka's `ProducerStateManager`.
 */
import {
  ErrorCode,
  batchBaseSequence,
  batchLastOffset,
  batchLastOffsetDelta,
  batchLastSequence,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchBaseOffset,
  isControl,
  isTransactional,
  readControlRecord,
  type ControlRecord,
} from '@tidemark/wire';
import { ProducerEntry } from './producer-entry.js';

const SEQUENCE_MAX = 2 ** 31 - 1;

/** `append`: it continues; `duplicate`: it is there already, see `duplicateOf`; else the error for the producer. */
export type SequenceVerdict = 'append' | 'duplicate' | 'out-of-order' | 'fenced';

export const SEQUENCE_ERRORS: Readonly<Record<SequenceVerdict, ErrorCode>> = {
  append: ErrorCode.NONE,
  duplicate: ErrorCode.NONE,
  'out-of-order': ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  fenced: ErrorCode.INVALID_PRODUCER_EPOCH,
};

/** What others than the log itself may ask. */
export type KnownProducers = Pick<ProducerState, 'count' | 'has'>;

export class ProducerState {
  private readonly entries = new Map<number, ProducerEntry>();
  /** Changed since the last snapshot. */
  dirty = false;
  /** Of the batch that `check` has just found to be a duplicate. */
  readonly duplicateOf = { baseOffset: -1, lastOffset: -1, timestamp: -1 };

  get count(): number {
    return this.entries.size;
  }

  has(producerId: number): boolean {
    return this.entries.has(producerId);
  }

  all(): Iterable<ProducerEntry> {
    return this.entries.values();
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.entries.get(producerId);
  }

  restore(entry: ProducerEntry): void {
    this.entries.set(entry.producerId, entry);
  }

  clear(): void {
    this.entries.clear();
    this.dirty = true;
  }

  /** What becomes of a client's batch with a producer id. */
  check(bytes: Uint8Array, at: number): SequenceVerdict {
    const entry = this.entries.get(batchProducerId(bytes, at));
    if (entry === undefined) return 'append';
    const epoch = batchProducerEpoch(bytes, at);
    if (epoch < entry.epoch) return 'fenced';
    const first = batchBaseSequence(bytes, at);
    if (epoch > entry.epoch) return first === 0 || entry.epoch < 0 ? 'append' : 'out-of-order';
    const index = entry.find(first, batchLastSequence(bytes, at));
    if (index >= 0) {
      this.rememberDuplicate(entry, index);
      return 'duplicate';
    }
    return follows(entry.lastSequence, first) ? 'append' : 'out-of-order';
  }

  /** Takes note of a batch that is in the log (or staged), its final offsets in its header. */
  record(bytes: Uint8Array, at: number): void {
    const producerId = batchProducerId(bytes, at);
    if (producerId < 0) return;
    this.dirty = true;
    const epoch = batchProducerEpoch(bytes, at);
    const entry = this.entryOf(producerId, epoch);
    if (epoch >= entry.epoch) entry.setEpoch(epoch);
    if (isControl(bytes, at)) {
      this.recordMarker(entry, readControlRecord(bytes, at), batchMaxTimestamp(bytes, at));
      entry.lastMarkerOffset = batchLastOffset(bytes, at);
      return;
    }
    entry.add(
      batchLastSequence(bytes, at),
      batchLastOffset(bytes, at),
      batchLastOffsetDelta(bytes, at),
      batchMaxTimestamp(bytes, at),
    );
    if (isTransactional(bytes, at) && entry.currentTransactionFirstOffset < 0) {
      entry.currentTransactionFirstOffset = batchBaseOffset(bytes, at);
    }
  }

  /** Forgets what was appended at or beyond `offset`. False when that takes a look into the log. */
  truncateTo(offset: number): boolean {
    this.dirty = true;
    for (const entry of this.entries.values()) {
      if (entry.lastOffset < offset && entry.lastMarkerOffset < offset) continue;
      if (!entry.truncateTo(offset)) return false;
      if (entry.count === 0) this.entries.delete(entry.producerId);
    }
    return true;
  }

  /** Forgets producers silent since before `timestamp`, but not one whose transaction is open. */
  expireBefore(timestamp: number): void {
    for (const entry of this.entries.values()) {
      if (entry.lastTimestamp >= timestamp || entry.currentTransactionFirstOffset >= 0) continue;
      this.entries.delete(entry.producerId);
      this.dirty = true;
    }
  }

  private entryOf(producerId: number, epoch: number): ProducerEntry {
    let entry = this.entries.get(producerId);
    if (entry === undefined) {
      entry = new ProducerEntry(producerId, epoch);
      this.entries.set(producerId, entry);
    }
    return entry;
  }

  private recordMarker(entry: ProducerEntry, control: ControlRecord | undefined, timestamp: number): void {
    // Another control batch with a producer id does not exist; if one comes, it ends nothing.
    if (control === undefined || control.coordinatorEpoch < 0) return;
    entry.coordinatorEpoch = control.coordinatorEpoch;
    entry.currentTransactionFirstOffset = -1;
    entry.lastTimestamp = timestamp;
  }

  private rememberDuplicate(entry: ProducerEntry, index: number): void {
    const batch = entry.batch(index);
    this.duplicateOf.lastOffset = batch.lastOffset;
    this.duplicateOf.baseOffset = batch.lastOffset - batch.offsetDelta;
    this.duplicateOf.timestamp = batch.timestamp;
  }
}

function follows(last: number, first: number): boolean {
  return first === (last === SEQUENCE_MAX ? 0 : last + 1);
}
