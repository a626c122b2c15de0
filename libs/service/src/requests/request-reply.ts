/**
 * Questions over topics: the book of requests that this replica has sent and not yet had answered. Requests go to any
 * topic; replies come back through this replica's own topic `tidemark.replies.<replica>`, which it creates and tails.
 * The API Server's controllers call `request`; whoever answers uses `reply-protocol.ts`.
 *
 * What must hold: every request ends within its deadline; the first answer wins and later ones are only counted; a
 * reply without an entry (late, or of an earlier life of this replica) does no harm; the book has a limit.
 */
import { headerText } from '@tidemark/contracts';
import type { Clock, Random, Timer } from '@tidemark/platform';
import type {
  OutgoingHeaders,
  OutgoingRecord,
  Tail,
  TopicRecord,
  Topics,
  TopicSpec,
} from '../topics/topics.js';
import { TopicsError } from '../topics/topics.js';
import { addressHeaders, CORRELATION_ID_HEADER } from './reply-protocol.js';
import type { ReplyAddress } from './reply-protocol.js';

export interface RequestReplyOptions {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly random: Random;
  /** This replica's reply topic: one partition, ten minutes. */
  readonly replies: TopicSpec;
  /** Requests waiting at once. Default 10,000. */
  readonly waitingMax?: number;
}

export interface RequestRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | Uint8Array;
  readonly headers?: OutgoingHeaders;
  /** Milliseconds until `timeout`. Default 5,000. */
  readonly deadlineMs?: number;
  /**
   * For questions that any owner may answer, and several may: after this time without an answer the record is sent
   * again to the next partition, once in each such interval. Left out: sent once (commands; their log is durable).
   */
  readonly resendAfterMs?: number;
}

/** Answered; or `timeout` (it may still be carried out), `unavailable` (it was not sent), `overloaded` (nor was it). */
export type RequestOutcome =
  { readonly reply: TopicRecord } | { readonly failed: 'timeout' | 'unavailable' | 'overloaded' };

export interface RequestCounts {
  readonly sent: number;
  readonly answered: number;
  readonly resent: number;
  readonly timedOut: number;
  readonly late: number;
  readonly waiting: number;
}

const DEADLINE_MS = 5_000;
const WAITING_MAX = 10_000;

interface Entry {
  readonly settle: (outcome: RequestOutcome) => void;
  timer: Timer;
  resend: Timer | undefined;
}

export class RequestReply {
  readonly #entries = new Map<string, Entry>();
  readonly #counts = { sent: 0, answered: 0, resent: 0, timedOut: 0, late: 0 };
  readonly #options: RequestReplyOptions;
  #tail: Tail | undefined;
  #nextPartition: number;

  private constructor(options: RequestReplyOptions) {
    this.#options = options;
    this.#nextPartition = options.random.below(1024);
  }

  /** Creates the reply topic and reads it from its end; resolves when replies can be received. */
  static async open(options: RequestReplyOptions): Promise<RequestReply> {
    const book = new RequestReply(options);
    await options.topics.ensure([options.replies]);
    book.#tail = await options.topics.tail({
      topics: [options.replies.name],
      purpose: 'replies',
      from: 'end',
      onBatch: (batch) => {
        for (const record of batch.records) book.#received(record);
      },
    });
    await book.#tail.caughtUp;
    return book;
  }

  get counts(): RequestCounts {
    return { ...this.#counts, waiting: this.#entries.size };
  }

  /** Never rejects. */
  request(record: RequestRecord): Promise<RequestOutcome> {
    if (this.#tail === undefined) return Promise.resolve({ failed: 'unavailable' });
    if (this.#entries.size >= (this.#options.waitingMax ?? WAITING_MAX))
      return Promise.resolve({ failed: 'overloaded' });
    return new Promise((settle) => {
      this.#begin(record, settle);
    });
  }

  /** Answers everything that waits with `timeout` and stops reading. */
  async close(): Promise<void> {
    const tail = this.#tail;
    this.#tail = undefined;
    for (const id of [...this.#entries.keys()]) this.#settle(id, { failed: 'timeout' });
    await tail?.close();
  }

  #begin(record: RequestRecord, settle: (outcome: RequestOutcome) => void): void {
    const { clock, random, replies } = this.#options;
    const deadlineMs = record.deadlineMs ?? DEADLINE_MS;
    const correlationId = random.uuid();
    const address = { topic: replies.name, correlationId, deadline: clock.now() + deadlineMs };
    const timer = clock.setTimer(deadlineMs, () => {
      this.#counts.timedOut += 1;
      this.#settle(correlationId, { failed: 'timeout' });
    });
    this.#entries.set(correlationId, { settle, timer, resend: undefined });
    this.#counts.sent += 1;
    void this.#send(record, address, true);
  }

  async #send(record: RequestRecord, address: ReplyAddress, first: boolean): Promise<void> {
    const { topics, clock } = this.#options;
    const deadlineMs = Math.max(1, address.deadline - clock.now());
    try {
      await topics.publish(record.topic, [await this.#outgoing(record, address)], { deadlineMs });
    } catch (error) {
      // What was perhaps written, now or by an earlier sending, may still be answered: then the deadline decides.
      const written = !first || (error instanceof TopicsError && error.code === 'in-doubt');
      if (!written) this.#settle(address.correlationId, { failed: 'unavailable' });
    }
    const entry = this.#entries.get(address.correlationId);
    if (entry === undefined || record.resendAfterMs === undefined) return;
    entry.resend = clock.setTimer(record.resendAfterMs, () => {
      this.#counts.resent += 1;
      void this.#send(record, address, false);
    });
  }

  /** A question goes round the partitions, so that sending it again finds another owner. */
  async #outgoing(record: RequestRecord, address: ReplyAddress): Promise<OutgoingRecord> {
    const { key, value } = record;
    const headers = { ...record.headers, ...addressHeaders(address) };
    if (record.resendAfterMs === undefined) return { key, value, headers };
    const partition = this.#nextPartition++ % (await this.#options.topics.partitions(record.topic));
    return { key, value, headers, partition };
  }

  #received(record: TopicRecord): void {
    const id = headerText(record.headers, CORRELATION_ID_HEADER);
    if (id === undefined || !this.#entries.has(id)) {
      this.#counts.late += 1;
      return;
    }
    this.#counts.answered += 1;
    this.#settle(id, { reply: record });
  }

  #settle(id: string, outcome: RequestOutcome): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.timer.cancel();
    entry.resend?.cancel();
    entry.settle(outcome);
  }
}
