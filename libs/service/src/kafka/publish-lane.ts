/**
 * Everything published to one topic, in order: calls wait in a queue, those of one tick (and those that come while a
 * request is under way) share the next request, in which each partition has one record batch. One request at a time,
 * so that no batch overtakes another; a topic in trouble holds up no other topic.
 *
 * What must hold: the records of one call for a partition are never split over two record batches; a batch is retried
 * unchanged, on the same producer, until it is settled or in doubt; every call settles within its deadline.
 */
import type { Message, RecordMetadata } from 'kafkajs';
import { sleep } from '@tidemark/platform';
import type { OutgoingRecord, PublishedRecord } from '../topics/topics.js';
import { TopicsError } from '../topics/topics.js';
import { innermostError, protocolErrorType } from './kafka-client.js';
import type { KafkaSettings } from './kafka-client.js';
import type { Generation, ProducerGenerations } from './producer-generations.js';

export interface PlacedRecord extends OutgoingRecord {
  readonly partition: number;
}

export interface PendingPublish {
  readonly records: readonly PlacedRecord[];
  /** By partition; none is larger than a record batch may be. */
  readonly bytes: ReadonlyMap<number, number>;
  /** `monotonic()` time. */
  readonly deadline: number;
  readonly settle: (result: PublishedRecord[] | TopicsError) => void;
}

export interface PublishLaneOptions {
  readonly settings: KafkaSettings;
  readonly generations: ProducerGenerations;
  readonly topic: string;
  /** Whether the topic is still there; asked when the broker says it is not. */
  readonly exists: () => Promise<boolean>;
}

/** Of one partition's record batch: Kafka's default `max.message.bytes` is 1,048,588. */
export const BATCH_BYTES_MAX = 900 * 1024;
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
/** kafkajs groups the messages of a partition in quadratic time. */
const REQUEST_RECORDS_MAX = 2_000;
const BACK_OFF_MS = 50;
const BACK_OFF_MAX_MS = 500;

/** The broker lost or fenced this producer's sequence; nothing of this attempt was written. */
const SEQUENCE_LOST = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'DUPLICATE_SEQUENCE_NUMBER',
];
/** Trying again cannot help. */
const REFUSED = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_TIMESTAMP',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
];

type Attempt = { readonly written: readonly RecordMetadata[] } | { readonly gaveUp: TopicsError };

export class PublishLane {
  readonly #options: PublishLaneOptions;
  #queue: PendingPublish[] = [];
  #running: Promise<void> | undefined;
  #generation: Generation | undefined;

  constructor(options: PublishLaneOptions) {
    this.#options = options;
  }

  add(pending: PendingPublish): void {
    const { clock } = this.#options.settings;
    const overdue = clock.setTimer(pending.deadline - clock.monotonic(), () => this.#overdue(timed));
    const timed: PendingPublish = {
      ...pending,
      settle: (result) => {
        overdue.cancel();
        pending.settle(result);
      },
    };
    this.#queue.push(timed);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is under way. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options.settings;
    await new Promise<void>((resolve) => clock.defer(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch();
      this.#settle(batch, await this.#send(batch));
    }
    this.#running = undefined;
    this.#leaveGeneration(false);
  }

  #takeBatch(): PendingPublish[] {
    const bytes = new Map<number, number>();
    let total = 0;
    let records = 0;
    let count = 0;
    for (const pending of this.#queue) {
      let fits = true;
      for (const [partition, size] of pending.bytes) {
        const sum = (bytes.get(partition) ?? 0) + size;
        if (sum > BATCH_BYTES_MAX) fits = false;
        bytes.set(partition, sum);
        total += size;
      }
      records += pending.records.length;
      if (count > 0 && (!fits || total > REQUEST_BYTES_MAX || records > REQUEST_RECORDS_MAX)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  /** A call whose own deadline comes before its batch's end hears of it then; the batch itself goes on. */
  #overdue(pending: PendingPublish): void {
    const { topic } = this.#options;
    const waiting = this.#queue.indexOf(pending);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    const code = waiting >= 0 ? 'unavailable' : 'in-doubt';
    pending.settle(new TopicsError(code, `no acknowledgement of ${topic} in time`));
  }

  #settle(batch: readonly PendingPublish[], attempt: Attempt): void {
    if ('gaveUp' in attempt) {
      for (const pending of batch) pending.settle(attempt.gaveUp);
      return;
    }
    const next = new Map(attempt.written.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]));
    for (const pending of batch) {
      const published = pending.records.map(({ partition }) => {
        const offset = next.get(partition) ?? -1;
        next.set(partition, offset + 1);
        return { partition, offset };
      });
      const isKnown = published.every(({ offset }) => offset >= 0);
      pending.settle(
        isKnown ? published : new TopicsError('in-doubt', 'the broker knows the batch but not its offset'),
      );
    }
  }

  /** Until it is written, refused, or the last deadline of the batch has passed. */
  async #send(batch: readonly PendingPublish[]): Promise<Attempt> {
    const { settings, topic } = this.#options;
    const messages = batch.flatMap((pending) => pending.records.map(toMessage));
    const deadline = Math.max(...batch.map((pending) => pending.deadline));
    let sent = false;
    for (let pauseMs = BACK_OFF_MS; ; pauseMs = Math.min(2 * pauseMs, BACK_OFF_MAX_MS)) {
      try {
        this.#generation ??= this.#options.generations.take();
        const generation = this.#generation;
        await generation.connected();
        sent = true;
        const topicMessages = [{ topic, messages }];
        return { written: await generation.producer.sendBatch({ acks: -1, topicMessages }) };
      } catch (error) {
        const gaveUp = await this.#judge(error, sent, deadline);
        if (gaveUp !== undefined) {
          this.#leaveGeneration(sent);
          return { gaveUp };
        }
        const fields = { topic, error: innermostError(error).message };
        settings.logger.debug(fields, 'publishing again');
        await sleep(settings.clock, pauseMs);
      }
    }
  }

  /** Nothing: try again, perhaps on another producer. */
  async #judge(error: unknown, sent: boolean, deadline: number): Promise<TopicsError | undefined> {
    const { topic, settings } = this.#options;
    const type = protocolErrorType(error) ?? '';
    const cause = innermostError(error);
    if (REFUSED.includes(type))
      return new TopicsError(type.includes('TOO_LARGE') ? 'too-large' : 'unavailable', cause.message, {
        cause,
      });
    if (SEQUENCE_LOST.includes(type)) this.#leaveGeneration(true);
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
      // Either this topic is gone, or another one of the shared producer is and poisons its metadata.
      const exists = await this.#options.exists();
      if (!exists) return new TopicsError('unknown-topic', `${topic} does not exist`, { cause });
      this.#leaveGeneration(true);
    }
    if (settings.clock.monotonic() < deadline) return undefined;
    const code = sent ? 'in-doubt' : 'unavailable';
    return new TopicsError(code, `${topic}: ${cause.message}`, { cause });
  }

  #leaveGeneration(doubtful: boolean): void {
    if (this.#generation !== undefined) this.#options.generations.giveBack(this.#generation, doubtful);
    this.#generation = undefined;
  }
}

function toMessage(record: PlacedRecord): Message {
  const { key, value, partition, headers } = record;
  return {
    key: toBuffer(key),
    value: toBuffer(value),
    partition,
    ...(headers === undefined ? {} : { headers: toHeaders(headers) }),
  };
}

function toBuffer(bytes: string | Uint8Array | null): Buffer | null {
  if (bytes === null || Buffer.isBuffer(bytes)) return bytes;
  if (typeof bytes === 'string') return Buffer.from(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function toHeaders(headers: NonNullable<OutgoingRecord['headers']>): NonNullable<Message['headers']> {
  const written: NonNullable<Message['headers']> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') written[name] = value;
    else if (value instanceof Uint8Array) written[name] = toBuffer(value) ?? Buffer.alloc(0);
    else written[name] = value.map((part) => toBuffer(part) ?? Buffer.alloc(0));
  }
  return written;
}
