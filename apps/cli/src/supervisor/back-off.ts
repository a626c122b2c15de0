/**
 * How long to wait before a crashed process is started again: at once after a long life, then doubling. Holds the
 * number of crashes in a row.
 */
const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 10_000;
/** A process that lived this long owes its crash to something new. */
const HEALTHY_AFTER_MS = 10_000;

export class BackOff {
  #crashesInARow = 0;

  get crashesInARow(): number {
    return this.#crashesInARow;
  }

  /** Notes one crash of a process that was ready for `readyForMs`; answers how long to wait, milliseconds. */
  crashed(readyForMs: number): number {
    if (readyForMs >= HEALTHY_AFTER_MS) this.#crashesInARow = 0;
    this.#crashesInARow += 1;
    return Math.min(FIRST_DELAY_MS * 2 ** (this.#crashesInARow - 1), DELAY_MAX_MS);
  }

  reset(): void {
    this.#crashesInARow = 0;
  }
}
