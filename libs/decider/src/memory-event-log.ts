/**
 * An event log in memory, for specs and simulations: several shards (owners, zombies, rivals) may share one. It
 * delivers only when told to (`deliver`), so that a test chooses every interleaving, and fails appends on demand.
 */
import type { AppendResult, EventLog, EventReader, LoggedEvent, Subscription } from './event-log.js';

interface Reading<Event> {
  readonly reader: EventReader<Event>;
  next: number;
}

interface HeldAppend<Event> {
  readonly events: readonly Event[];
  readonly settle: (result: AppendResult) => void;
}

export class MemoryEventLog<Event> implements EventLog<Event> {
  readonly events: Event[] = [];
  /** Sizes of the record batches appended, to check what shared one. */
  readonly batchSizes: number[] = [];
  /** `auto`: append, acknowledge and deliver at once. `manual`: wait for `settleNext` and `deliver`. */
  mode: 'auto' | 'manual';
  readonly #readings = new Set<Reading<Event>>();
  readonly #held: HeldAppend<Event>[] = [];

  constructor(mode: 'auto' | 'manual' = 'auto') {
    this.mode = mode;
  }

  get heldAppends(): number {
    return this.#held.length;
  }

  end(): Promise<number> {
    return Promise.resolve(this.events.length);
  }

  subscribe(from: number, reader: EventReader<Event>): Subscription {
    const reading = { reader, next: from };
    this.#readings.add(reading);
    if (this.mode === 'auto') queueMicrotask(() => this.#deliverTo(reading));
    return { close: () => void this.#readings.delete(reading) };
  }

  append(events: readonly Event[], settle: (result: AppendResult) => void): void {
    if (this.mode === 'manual') {
      this.#held.push({ events, settle });
      return;
    }
    settle(this.write(events));
    this.deliver();
  }

  /** What another writer does: puts a batch at the end without anybody asking. */
  write(events: readonly Event[]): { baseOffset: number; lastOffset: number } {
    const baseOffset = this.events.length;
    this.events.push(...events);
    this.batchSizes.push(events.length);
    return { baseOffset, lastOffset: this.events.length - 1 };
  }

  /** Writes the oldest held append without acknowledging it; returns its acknowledgement. */
  writeNext(): () => void {
    const held = this.#held.shift();
    if (held === undefined) throw new Error('no append is held');
    const result = this.write(held.events);
    return () => held.settle(result);
  }

  /** Writes and acknowledges the oldest held append. */
  settleNext(): void {
    this.writeNext()();
  }

  failNext(failed: 'refused' | 'in-doubt' | 'fenced'): void {
    this.#held.shift()?.settle({ failed });
  }

  /** Hands every reader what it has not seen. */
  deliver(): void {
    for (const reading of [...this.#readings]) this.#deliverTo(reading);
  }

  failReaders(error: Error): void {
    for (const reading of [...this.#readings]) reading.reader.failed(error);
  }

  #deliverTo(reading: Reading<Event>): void {
    if (!this.#readings.has(reading)) return;
    const from = reading.next;
    if (from >= this.events.length) return;
    const fresh: LoggedEvent<Event>[] = this.events
      .slice(from)
      .map((event, index) => ({ event, offset: from + index }));
    reading.next = this.events.length;
    reading.reader.read(fresh, reading.next);
  }
}
