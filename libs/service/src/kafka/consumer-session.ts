/**
 * A kafkajs consumer that is never silently dead. It holds the one running consumer and builds another, with growing
 * pauses and for ever, whenever that one crashes, cannot start, or shows no sign of life; `kafka-tail.ts` and
 * `kafka-ownership.ts` see joins and batches only, and keep the positions themselves, because a consumer's own do not
 * survive a rebalance.
 *
 * What must hold: the callbacks of a consumer that was given up are ignored; `onBatch` returns at once (kafkajs fetches
 * nothing from a broker before all batches of the last fetch are handled, so waiting there for records to be read
 * back would wait for ever); nothing is committed but by `commit`.
 */
import type { Batch, Consumer } from 'kafkajs';
import { sleep } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import { copartitionAssigner } from './copartition-assigner.js';
import { createKafka, FETCH_WAIT_MS, HEARTBEAT_MS, RETRY, SESSION_MS } from './kafka-client.js';
import type { KafkaSettings } from './kafka-client.js';

export type AssignedPartitions = ReadonlyMap<string, readonly number[]>;

export interface SessionOptions {
  readonly settings: KafkaSettings;
  readonly groupId: string;
  readonly purpose: string;
  readonly topics: readonly string[];
  /** Partition numbers held now, for the sticky assignment. */
  readonly held: () => readonly number[];
  /** After every join, before anything is fetched; positions are to be set by `seek` within the call. */
  readonly onJoined: (assigned: AssignedPartitions) => void;
  readonly onBatch: (batch: Batch) => void;
  readonly onOutOfRange: (topic: string, partition: number) => void;
  /** As a tail's. */
  readonly restMs: number;
  /** The group rebalances and this member is about to join again: the last moment to commit. */
  readonly onRebalancing: () => void;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_BYTES_PER_PARTITION = 1024 * 1024;
const BACK_OFF_MS = 100;
const BACK_OFF_MAX_MS = 2_000;
/** Without a fetch or a join in this time a consumer hangs; a join may take a session and a rebalance. */
const SILENCE_MAX_MS = 20_000;
const WATCH_MS = 1_000;
/** Leaving politely takes one fetch and one request; a broker that is gone answers neither. */
const DISCONNECT_MAX_MS = 2_000;

export class ConsumerSession {
  readonly #options: SessionOptions;
  readonly #closed = new AbortController();
  readonly #supervision: Promise<void>;
  #consumer: Consumer | undefined;
  /** `monotonic()` of the last sign of life. */
  #heardAt = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#supervision = this.#supervise();
  }

  seek(topic: string, partition: number, position: number): void {
    this.#withConsumer((consumer) => consumer.seek({ topic, partition, offset: String(position) }));
  }

  pause(topic: string, partitions: readonly number[]): void {
    this.#withConsumer((consumer) => consumer.pause([{ topic, partitions: [...partitions] }]));
  }

  resume(topic: string, partitions: readonly number[]): void {
    this.#withConsumer((consumer) => consumer.resume([{ topic, partitions: [...partitions] }]));
  }

  /** Rejects when the broker refuses; resolves without effect while there is no running consumer. */
  async commit(offsets: readonly { topic: string; partition: number; position: number }[]): Promise<void> {
    await this.#consumer?.commitOffsets(
      offsets.map(({ topic, partition, position }) => ({ topic, partition, offset: String(position) })),
    );
  }

  /** Leaves the group and stops; waits no longer than a broker that is gone deserves. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('closed'));
    await this.#supervision;
  }

  /** A consumer that is between two lives ignores it: after its next join all positions are set anew. */
  #withConsumer(act: (consumer: Consumer) => void): void {
    if (this.#consumer === undefined) return;
    try {
      act(this.#consumer);
    } catch (error) {
      this.#options.settings.logger.debug({ error: describeError(error) }, 'the consumer is not running');
    }
  }

  async #supervise(): Promise<void> {
    const { clock, logger, random } = this.#options.settings;
    let pauseMs = BACK_OFF_MS;
    while (!this.#closed.signal.aborted) {
      const begun = clock.monotonic();
      const reason = await this.#live();
      if (this.#isClosed()) return;
      if (clock.monotonic() - begun > 10 * BACK_OFF_MAX_MS) pauseMs = BACK_OFF_MS;
      const { groupId } = this.#options;
      logger.warn({ groupId, pauseMs, reason: describeError(reason) }, 'a consumer ended; starting another');
      await sleep(clock, pauseMs + random.below(pauseMs), this.#closed.signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, BACK_OFF_MAX_MS);
    }
  }

  #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** One consumer's life; answers why it ended. */
  async #live(): Promise<unknown> {
    const { clock } = this.#options.settings;
    const consumer = this.#build();
    let watch = clock.setTimer(WATCH_MS, () => undefined);
    const ended = new Promise<unknown>((resolve) => {
      consumer.on('consumer.crash', ({ payload }) => resolve(payload.error));
      this.#closed.signal.addEventListener('abort', () => resolve(this.#closed.signal.reason), {
        once: true,
      });
      const look = (): void => {
        const silentMs = clock.monotonic() - this.#heardAt;
        if (silentMs > SILENCE_MAX_MS) resolve(new Error(`no sign of life for ${Math.round(silentMs)} ms`));
        else watch = clock.setTimer(WATCH_MS, look);
      };
      watch = clock.setTimer(WATCH_MS, look);
      this.#heardAt = clock.monotonic();
      this.#start(consumer).catch(resolve);
    });
    const reason = await ended;
    watch.cancel();
    this.#consumer = undefined;
    await this.#disconnect(consumer);
    return reason;
  }

  #build(): Consumer {
    const { settings, groupId, purpose, held, onOutOfRange, restMs } = this.#options;
    const { clock } = settings;
    const rest =
      restMs === 0 ? undefined : () => new Promise<void>((resolve) => clock.setTimer(restMs, resolve));
    return createKafka(settings, purpose).consumer({
      groupId,
      partitionAssigners: [copartitionAssigner({ held, offsetOutOfRange: onOutOfRange, rest })],
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      minBytes: 1,
      maxBytes: MAX_BYTES,
      maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
      allowAutoTopicCreation: false,
      // Every crash ends in our own supervision, which also covers those that kafkajs would not restart from.
      retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  async #start(consumer: Consumer): Promise<void> {
    const { clock } = this.#options.settings;
    const isCurrent = (): boolean => this.#consumer === consumer;
    consumer.on('consumer.fetch', () => {
      if (isCurrent()) this.#heardAt = clock.monotonic();
    });
    consumer.on('consumer.rebalancing', () => {
      if (isCurrent()) this.#options.onRebalancing();
    });
    consumer.on('consumer.group_join', ({ payload }) => {
      if (!isCurrent()) return;
      this.#heardAt = clock.monotonic();
      this.#options.onJoined(new Map(Object.entries(payload.memberAssignment)));
    });
    await consumer.connect();
    // Only for a group without a committed offset, and only until our own position is set: never from the end.
    await consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
    this.#consumer = consumer;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: 1,
      eachBatch: ({ batch }) => {
        if (isCurrent()) this.#options.onBatch(batch);
        return Promise.resolve();
      },
    });
  }

  async #disconnect(consumer: Consumer): Promise<void> {
    const { clock } = this.#options.settings;
    const bound = new Promise<void>((resolve) => clock.setTimer(DISCONNECT_MAX_MS, resolve));
    await Promise.race([consumer.disconnect().catch(() => undefined), bound]);
  }
}
