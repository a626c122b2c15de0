/**
 * One input partition being worked off, record by record, from its assignment to its revocation: begins records in
 * order, so many at once as it may, and commits in order what is finished. Shared by the partition worker's command
 * lanes and the topic transport.
 *
 * What must hold: nothing is committed past a record that is not finished; after the abort nothing is committed; a
 * record left unfinished (its work threw) holds the commits back, so that the next owner gets it again.
 */
import { describeError } from '../hosting/logger.js';
import type { Logger } from '../hosting/logger.js';
import type { DeliveredBatch, TopicRecord } from '../topics/topics.js';
import { AckTracker } from './ack-tracker.js';

/** True when the record is finished; false when it is left to the next owner. */
export type Finish = () => Promise<boolean>;

export interface RecordLaneOptions {
  readonly position: number;
  readonly inFlightMax: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Awaited record by record, in order; what it returns then runs beside that of others. */
  readonly begin: (record: TopicRecord) => Promise<Finish>;
  readonly commit: (position: number) => void;
}

export class RecordLane {
  readonly #options: RecordLaneOptions;
  readonly #acks: AckTracker;
  #inFlight = 0;
  #wake: (() => void) | undefined;
  #draining = false;

  constructor(options: RecordLaneOptions) {
    this.#options = options;
    this.#acks = new AckTracker(options.position);
    options.signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  /** Records begun and not finished. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Begins no further record. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves when every record of the batch has been begun; waits while too many are in flight. */
  async take(batch: DeliveredBatch): Promise<void> {
    for (const record of batch.records) {
      await this.#room();
      if (this.#options.signal.aborted) return;
      this.#acks.begin(record.offset);
      this.#inFlight += 1;
      void this.#finish(record, await this.#options.begin(record));
    }
    if (!this.#options.signal.aborted) this.#options.commit(this.#acks.passed(batch.nextPosition));
  }

  async #room(): Promise<void> {
    while (!this.#options.signal.aborted && (this.#draining || this.#inFlight >= this.#options.inFlightMax)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #finish(record: TopicRecord, finish: Finish): Promise<void> {
    const { signal, logger, commit } = this.#options;
    try {
      const finished = await finish();
      if (finished && !signal.aborted) commit(this.#acks.done(record.offset));
    } catch (error) {
      const { topic, partition, offset } = record;
      const fields = { topic, partition, offset, error: describeError(error) };
      logger.error(fields, 'a record was left unfinished');
    } finally {
      this.#inFlight -= 1;
      this.#wake?.();
    }
  }
}
