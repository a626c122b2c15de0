/**
 * One question that many ask at once, such as where a log ends now: those who ask while it is being asked share the
 * next time, so that however many there are, one question is under way. Used by the Kafka side of the port.
 *
 * What must hold: an answer was asked for after whoever gets it had asked, so that it is never older than the call.
 */
export class SharedAnswer<Answer> {
  readonly #ask: () => Promise<Answer>;
  #running: Promise<Answer> | undefined;
  #next: Promise<Answer> | undefined;

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask;
  }

  /** Rejects with what the question rejected with. */
  get(): Promise<Answer> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin();
    this.#next = this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<Answer> {
    const running = this.#ask().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
