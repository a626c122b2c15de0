/**
 * An idempotent producer of one partition that never gives up: batches in order with several under way, each sent again
 * under the same sequence to whoever leads by then until it is acknowledged. Everything it sends and is told goes into the
 * history. Holds the batches that are not acknowledged, and the longest time between two acknowledgements.
 *
 * It looks for another leader when its connection ends, when it is refused, and while an answer is late: as clients with
 * a short back-off would.
 */
import { buildBatch, ErrorCode, initProducerIdApi, produceApi } from '@tidemark/wire';
import type { History, Send } from '@tidemark/simulation';
import { eventually } from '../eventually.js';
import type { Leader, LeaderFinder } from './leader-finder.js';
import { WireConnection } from '../wire-connection.js';
import { within } from '../within.js';

const PRODUCE_VERSION = 9;
const IN_FLIGHT_MAX = 5;
const RECORDS_PER_BATCH = 3;
const PAUSE_MS = 5;
/** An answer later than this is reason to ask who leads. */
const LATE_MS = 250;
/** A connection without an acknowledgement for so long is given up for a new one: TCP itself is slow to try again. */
const SILENT_MS = 1_500;
const REQUEST_TIMEOUT_MS = 5_000;

interface Batch {
  bytes: Uint8Array;
  /** The number of its first record. */
  readonly first: number;
  readonly sends: readonly Send[];
}

export interface HistoryProducerOptions {
  readonly history: History;
  readonly finder: LeaderFinder;
  readonly addresses: readonly string[];
  readonly topic: string;
  readonly partition: number;
  /** Bytes of a record, at least; more is filled up. */
  readonly recordBytes?: number;
  /** Told that the log forgot what it had acknowledged, it takes a new id and goes on, as clients do. */
  readonly mayLose?: boolean;
}

export class HistoryProducer {
  #producer = { producerId: -1, producerEpoch: -1 };
  #nextSequence = 0;
  #nextNumber = 0;
  #stopping = false;
  #unacknowledged: Batch[] = [];
  #running: Promise<void> = Promise.resolve();
  #acknowledgedAt = performance.now();
  #longestGapMs = 0;
  /** The log lacks what was acknowledged. */
  #forgotten = false;
  acknowledged = 0;
  /** Behind the last record that was acknowledged with its offset. */
  endOffset = 0;
  /** Numbers of the records that were acknowledged; a value is the partition and the number. */
  readonly acknowledgedNumbers: number[] = [];
  /** Why batches had to be sent again, with counts. */
  readonly retries = new Map<string, number>();
  /** Answers that no broker may give. */
  readonly wrong: string[] = [];

  constructor(private readonly options: HistoryProducerOptions) {}

  get partition(): number {
    return this.options.partition;
  }

  /** Up to now, also while it waits. */
  get longestGapMs(): number {
    return Math.max(this.#longestGapMs, this.#stopping ? 0 : performance.now() - this.#acknowledgedAt);
  }

  /** A new measurement begins; the time that it waits already still counts. */
  resetGap(): void {
    this.#longestGapMs = 0;
  }

  async start(): Promise<void> {
    await eventually(() => this.#introduce(), 30_000, 'the producer has an id');
    this.#acknowledgedAt = performance.now();
    this.#running = this.#run();
  }

  /** No new records. Resolves when everything sent is acknowledged. */
  async stop(): Promise<void> {
    this.#longestGapMs = this.longestGapMs;
    this.#stopping = true;
    await this.#running;
  }

  /** Gives up: what is not acknowledged stays unknown. */
  abandon(): void {
    this.#stopping = true;
    this.#unacknowledged = [];
  }

  async #run(): Promise<void> {
    while (!this.#stopping || this.#unacknowledged.length > 0) {
      const leader = this.options.finder.leaderOf(this.partition);
      const reason = leader === undefined ? 'no leader' : await this.#produceTo(leader);
      if (reason === undefined) continue;
      this.retries.set(reason, (this.retries.get(reason) ?? 0) + 1);
      await this.options.finder.refresh();
      if (this.#forgotten && this.options.mayLose === true) await this.#beginAnew();
    }
  }

  /** Until there is nothing more to send (nothing), or there is reason to look for another leader (why). */
  async #produceTo(leader: Leader): Promise<string | undefined> {
    let connection: WireConnection;
    try {
      connection = await WireConnection.open(leader.address, LATE_MS);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'connect';
    }
    const begunAt = performance.now();
    const attempt = new Attempt(connection, (batch, error, offset) => this.#answered(batch, error, offset), {
      topic: this.options.topic,
      partition: this.partition,
    });
    try {
      for (const batch of this.#unacknowledged) attempt.send(batch);
      while (!this.#stopping || this.#unacknowledged.length > 0) {
        if (attempt.failure !== undefined) return attempt.failure;
        if (!this.#stopping && this.#unacknowledged.length < IN_FLIGHT_MAX) {
          const batch = this.#batch();
          this.#unacknowledged.push(batch);
          attempt.send(batch);
        }
        if (performance.now() - this.#acknowledgedAt > LATE_MS) {
          await this.options.finder.refresh();
          const now = this.options.finder.leaderOf(this.partition);
          if (now !== undefined && now.epoch > leader.epoch) return 'another leader';
          if (performance.now() - Math.max(begunAt, this.#acknowledgedAt) > SILENT_MS) return 'silent';
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      return undefined;
    } finally {
      attempt.end();
    }
  }

  /** Whether the attempt may go on. */
  #answered(batch: Batch, error: number, baseOffset: number): boolean {
    // Answers of one connection come in order, so it is the first that is open, or this attempt has failed before.
    if (this.#unacknowledged[0] !== batch) return false;
    if (error !== ErrorCode.NONE && error !== ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      this.#forgotten ||= FORGOTTEN.has(error);
      if (NEVER.has(error) && !(this.options.mayLose === true && FORGOTTEN.has(error)))
        this.wrong.push(`${this.options.topic}-${this.partition}: error ${error}`);
      return false;
    }
    this.#unacknowledged.shift();
    const now = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#acknowledgedAt);
    this.#acknowledgedAt = now;
    batch.sends.forEach((send, index) => {
      this.acknowledgedNumbers.push(batch.first + index);
      this.options.history.acknowledge(send, error === ErrorCode.NONE ? baseOffset + index : -1, now);
    });
    this.acknowledged += batch.sends.length;
    if (error === ErrorCode.NONE) this.endOffset = baseOffset + batch.sends.length;
    return true;
  }

  #batch(): Batch {
    const { history, topic, partition, recordBytes = 0 } = this.options;
    const now = performance.now();
    const first = this.#nextNumber;
    this.#nextNumber += RECORDS_PER_BATCH;
    const sends = Array.from({ length: RECORDS_PER_BATCH }, (_, index) =>
      history.begin(
        partition,
        `${topic}-${partition}`,
        `${partition}:${first + index}`.padEnd(recordBytes, '.'),
        now,
      ),
    );
    return { bytes: this.#encoded(sends), first, sends };
  }

  /** Under the next sequences. */
  #encoded(sends: readonly Send[]): Uint8Array {
    const baseSequence = this.#nextSequence;
    this.#nextSequence += sends.length;
    const records = sends.map(({ value }) => ({ key: null, value: Buffer.from(value), headers: [] }));
    return buildBatch(records, { ...this.#producer, baseSequence, timestamp: Date.now() });
  }

  /** A new id, and what is not acknowledged again under it. */
  async #beginAnew(): Promise<void> {
    await eventually(() => this.#stopping || this.#introduce(), 30_000, 'the producer has a new id');
    this.#forgotten = false;
    this.#nextSequence = 0;
    for (const batch of this.#unacknowledged) batch.bytes = this.#encoded(batch.sends);
  }

  async #introduce(): Promise<boolean> {
    for (const address of this.options.addresses) {
      try {
        const connection = await WireConnection.open(address, LATE_MS);
        const request = { transactionalId: null, transactionTimeoutMs: 0 };
        const answer = await within(
          REQUEST_TIMEOUT_MS,
          connection.request(initProducerIdApi, 1, request),
        ).finally(() => connection.close());
        if (answer.errorCode !== ErrorCode.NONE) continue;
        this.#producer = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
        return true;
      } catch {
        continue;
      }
    }
    return false;
  }
}

/** What is sent over one connection, until the first answer that is not an acknowledgement. */
class Attempt {
  #failure: string | undefined;

  constructor(
    private readonly connection: WireConnection,
    private readonly answered: (batch: Batch, error: number, baseOffset: number) => boolean,
    private readonly to: { readonly topic: string; readonly partition: number },
  ) {}

  get failure(): string | undefined {
    return this.#failure;
  }

  send(batch: Batch): void {
    const request = {
      transactionalId: null,
      acks: -1,
      timeoutMs: REQUEST_TIMEOUT_MS,
      topicData: [
        { name: this.to.topic, partitionData: [{ index: this.to.partition, records: batch.bytes }] },
      ],
    };
    this.connection.request(produceApi, PRODUCE_VERSION, request).then(
      (answer) => {
        if (this.#failure !== undefined) return;
        const result = answer.responses[0]?.partitionResponses[0];
        const error = result?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        if (!this.answered(batch, error, result?.baseOffset ?? -1)) this.#failure = `error ${error}`;
      },
      (error: unknown) => (this.#failure ??= (error as Error).message),
    );
  }

  /** Later answers count no more: the same batches are under way elsewhere. */
  end(): void {
    this.#failure ??= 'ended';
    this.connection.close();
  }
}

const FORGOTTEN: ReadonlySet<number> = new Set([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
]);

/** Everything before it was acknowledged, so a broker that answers so has forgotten some of that. */
const NEVER: ReadonlySet<number> = new Set([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.UNKNOWN_SERVER_ERROR,
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.INVALID_RECORD,
]);
