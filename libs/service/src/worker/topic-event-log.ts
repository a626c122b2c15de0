/**
 * The event log of one owned partition over a topic: what `libs/decider`'s shard appends to and reads back from. Fed
 * with batches by the worker's ownership; appends through the port. What the network refuses for a while is retried
 * here, so that the shard hears only of what is final or in doubt.
 */
import { partitionKey } from '@tidemark/contracts';
import type { AppendResult, EventLog, EventReader, LoggedEvent, Subscription } from '@tidemark/decider';
import { assert, sleep } from '@tidemark/platform';
import type { Clock } from '@tidemark/platform';
import { TopicsError } from '../topics/topics.js';
import type { DeliveredBatch, TopicRecord, Topics } from '../topics/topics.js';
import type { WorkerLog } from './worker-options.js';

export interface TopicEventLogOptions<Event> {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: WorkerLog<Event>;
  readonly partition: number;
  /** The log end seen after the assignment: what the first reading must reach. */
  readonly endAtAssignment: number;
  /** Aborts when the partition is taken away. */
  readonly signal: AbortSignal;
  /** A record of the log that could not be understood, met after the replay. */
  readonly onUndecodable: (record: TopicRecord, error: Error) => void;
}

const BACK_OFF_MS = 100;
const BACK_OFF_MAX_MS = 2_000;

export class TopicEventLog<Event> implements EventLog<Event> {
  readonly #options: TopicEventLogOptions<Event>;
  #reader: EventReader<Event> | undefined;
  #endAsked = false;

  constructor(options: TopicEventLogOptions<Event>) {
    this.#options = options;
  }

  /** Asks until it is answered: without the end nothing can be decided, and giving up would leave the partition idle. */
  async end(): Promise<number> {
    const { topics, log, partition, endAtAssignment } = this.#options;
    if (!this.#endAsked) {
      this.#endAsked = true;
      return endAtAssignment;
    }
    const ends = await this.#insist(() => topics.ends(log.topic));
    return ends.get(partitionKey(log.topic, partition)) ?? 0;
  }

  subscribe(from: number, reader: EventReader<Event>): Subscription {
    assert(from === 0 && this.#reader === undefined, 'a shard reads its log once, from the beginning');
    this.#reader = reader;
    return {
      close: () => {
        this.#reader = undefined;
      },
    };
  }

  /** One batch of the log's topic, as the ownership delivers it. */
  feed(batch: DeliveredBatch): void {
    const events: LoggedEvent<Event>[] = [];
    for (const record of batch.records) {
      const event = this.#decode(record);
      if (event !== undefined) events.push({ event, offset: record.offset });
    }
    this.#reader?.read(events, batch.nextPosition);
  }

  append(events: readonly Event[], settle: (result: AppendResult) => void): void {
    const { topics, log, partition } = this.#options;
    const records = events.map((event) => ({ ...log.encode(event), partition }));
    this.#insist(() => topics.publish(log.topic, records)).then(
      (published) => {
        const [first, last] = [published[0], published.at(-1)];
        assert(first !== undefined && last !== undefined, 'an append has events');
        settle({ baseOffset: first.offset, lastOffset: last.offset });
      },
      (error: unknown) => {
        const inDoubt = !(error instanceof TopicsError) || error.code === 'in-doubt';
        const cause = error instanceof Error ? error : new Error(String(error));
        settle({ failed: inDoubt ? 'in-doubt' : 'refused', error: cause });
      },
    );
  }

  #decode(record: TopicRecord): Event | undefined {
    const { log, endAtAssignment, onUndecodable } = this.#options;
    try {
      return log.decode(record);
    } catch (cause) {
      // Whoever owned the partition when the record was new has reported it.
      if (record.offset >= endAtAssignment)
        onUndecodable(record, cause instanceof Error ? cause : new Error(String(cause)));
      return undefined;
    }
  }

  /** Again for as long as nothing was written and it may do better, and the partition is ours. */
  async #insist<T>(work: () => Promise<T>): Promise<T> {
    const { clock, signal } = this.#options;
    for (let pauseMs = BACK_OFF_MS; ; pauseMs = Math.min(2 * pauseMs, BACK_OFF_MAX_MS)) {
      try {
        return await work();
      } catch (error) {
        const passing =
          error instanceof TopicsError && (error.code === 'unavailable' || error.code === 'overloaded');
        if (!passing || signal.aborted) throw error;
        await sleep(clock, pauseMs, signal).catch(() => undefined);
      }
    }
  }
}
