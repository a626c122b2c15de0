/**
 * Which position of a partition may be committed while its records are finished out of order: the one before which
 * everything is done. Pure bookkeeping of one input partition; the command lane is its user.
 */
import { assert } from '@tidemark/platform';

export class AckTracker {
  /** Offsets begun and not committed, ascending, with whether they are done. */
  readonly #begun: { readonly offset: number; done: boolean }[] = [];
  /** Offset -> its entry, so that `done` need not search. */
  readonly #entries = new Map<number, { readonly offset: number; done: boolean }>();
  /** Everything before it has been begun. */
  #position: number;

  constructor(position: number) {
    this.#position = position;
  }

  /** Records begun and not done. */
  get pending(): number {
    let pending = 0;
    for (const entry of this.#begun) if (!entry.done) pending += 1;
    return pending;
  }

  begin(offset: number): void {
    assert(offset >= this.#position, 'records are begun in offset order');
    const entry = { offset, done: false };
    this.#begun.push(entry);
    this.#entries.set(offset, entry);
    this.#position = offset + 1;
  }

  /** Everything before `position` has been begun, whether or not there were records. */
  passed(position: number): number {
    this.#position = Math.max(this.#position, position);
    return this.committable();
  }

  /** Answers the position that may be committed now. */
  done(offset: number): number {
    const entry = this.#entries.get(offset);
    assert(entry !== undefined, 'only a record that was begun can be done');
    entry.done = true;
    this.#entries.delete(offset);
    while (this.#begun[0]?.done === true) this.#begun.shift();
    return this.committable();
  }

  committable(): number {
    return this.#begun[0]?.offset ?? this.#position;
  }
}
