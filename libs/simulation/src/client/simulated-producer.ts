/**
 * An idempotent producer over the real wire messages: values that nobody else sends, batches in order for each
 * partition with several under way, retries until acknowledged, a record of everything in the history. Holds a queue for
 * each partition. What it does at an error is what clients do: look for the leader anew and send again from the first
 * batch that was not acknowledged, under the same sequence.
 *
 * What must hold: nothing is given up before `finish`; what is open then is `info` in the history.
 */
import { ErrorCode, buildBatch, initProducerIdApi, produceApi } from '@tidemark/wire';
import type { History, Send } from '../checkers/history.js';
import { ClientMetadata, partitionOf, type ClientOptions } from './client-metadata.js';

export interface ProducerOptions extends ClientOptions {
  readonly process: number;
  readonly history: History;
  /** Batches of one partition that may be under way at once, up to 5. */
  readonly inFlightMax: number;
  /** Mean pause between two batches of this producer, milliseconds. */
  readonly pauseMs: number;
  readonly recordsMax: number;
  /** What the simulation looks at, at once, when a batch is acknowledged. */
  readonly onAcknowledged: (acknowledgement: Acknowledgement) => void;
  /** An answer that no broker may give (a lost sequence, say). */
  readonly onWrong: (detail: string) => void;
}

export interface Acknowledgement {
  readonly key: string;
  readonly baseOffset: number;
  readonly batch: Uint8Array;
  /** When it was sent last. */
  readonly sentAt: number;
}

interface Outgoing {
  readonly bytes: Uint8Array;
  sentAt: number;
  readonly sends: readonly Send[];
  readonly sequence: number;
}

interface Queue {
  readonly key: string;
  readonly unacknowledged: Outgoing[];
  /** Of those, how many are under way. */
  underWay: number;
  /** Rises when everything is sent again: answers to earlier attempts do not count. */
  attempt: number;
  nextSequence: number;
  waiting: boolean;
  /** Whom what is under way was sent to. */
  leader: number;
}

const REQUEST_TIMEOUT_MS = 2_000;
const RETRY_MS = 80;
/** A partition that is not served is not sent to without end. */
const QUEUE_MAX = 40;

export class SimulatedProducer {
  readonly metadata: ClientMetadata;
  private readonly queues = new Map<string, Queue>();
  private producerId = -1;
  private producerEpoch = -1;
  private loading = true;
  private nextValue = 0;

  constructor(private readonly options: ProducerOptions) {
    this.metadata = new ClientMetadata(options);
  }

  /** Batches that are not acknowledged. */
  get outstanding(): number {
    let count = 0;
    for (const { unacknowledged } of this.queues.values()) count += unacknowledged.length;
    return count;
  }

  start(): void {
    this.metadata.refresh(() => {
      if (this.metadata.keys.length === 0) this.start();
      else this.initialise();
    });
  }

  /** No new records; what is queued is still sent. */
  stopLoad(): void {
    this.loading = false;
  }

  close(): void {
    this.loading = false;
    this.metadata.close();
  }

  private initialise(): void {
    const { clock, random, bootstrap } = this.options;
    const connection = this.metadata.to(random.between(1, bootstrap.length));
    const retry = (): void => {
      clock.setTimer(RETRY_MS, () => this.metadata.refresh(() => this.initialise()));
    };
    if (connection === undefined) {
      retry();
      return;
    }
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 };
    connection.ask(initProducerIdApi, 3, request, REQUEST_TIMEOUT_MS, (answer) => {
      if (answer?.errorCode !== ErrorCode.NONE) {
        retry();
        return;
      }
      this.producerId = answer.producerId;
      this.producerEpoch = answer.producerEpoch;
      this.produce();
    });
  }

  private produce(): void {
    if (!this.loading) return;
    const { clock, random, pauseMs } = this.options;
    const queue = this.queueOf(random.pick(this.metadata.keys));
    if (queue.unacknowledged.length < QUEUE_MAX) {
      queue.unacknowledged.push(this.batchFor(queue));
      this.pump(queue);
    }
    clock.setTimer(1 + random.below(2 * pauseMs), () => this.produce());
  }

  private batchFor(queue: Queue): Outgoing {
    const { history, process, clock, random, recordsMax } = this.options;
    const now = clock.monotonic();
    const sends = Array.from({ length: 1 + random.below(recordsMax) }, () =>
      history.begin(process, queue.key, `${process}:${this.nextValue++}`, now),
    );
    const sequence = queue.nextSequence;
    queue.nextSequence += sends.length;
    const records = sends.map(({ value }) => ({ key: null, value: Buffer.from(value) }));
    const bytes = buildBatch(records, {
      timestamp: clock.now(),
      producerId: this.producerId,
      producerEpoch: this.producerEpoch,
      baseSequence: sequence,
    });
    return { bytes, sentAt: now, sends, sequence };
  }

  private pump(queue: Queue): void {
    if (queue.waiting) return;
    const leader = this.metadata.leaderOf(queue.key);
    const connection = leader === undefined ? undefined : this.metadata.to(leader);
    if (connection === undefined) {
      if (queue.unacknowledged.length > 0) this.again(queue);
      return;
    }
    // A new leader must not get a batch before those that an earlier one has not answered.
    if (queue.underWay > 0 && queue.leader !== leader) {
      this.again(queue);
      return;
    }
    queue.leader = leader ?? -1;
    const { topic, partition } = partitionOf(queue.key);
    while (queue.underWay < Math.min(queue.unacknowledged.length, this.options.inFlightMax)) {
      const batch = queue.unacknowledged[queue.underWay];
      if (batch === undefined) return;
      queue.underWay += 1;
      batch.sentAt = this.options.clock.monotonic();
      const { attempt } = queue;
      const request = {
        acks: -1,
        timeoutMs: REQUEST_TIMEOUT_MS / 2,
        topicData: [{ name: topic, partitionData: [{ index: partition, records: batch.bytes }] }],
      };
      connection.ask(produceApi, 9, request, REQUEST_TIMEOUT_MS, (answer) => {
        if (attempt !== queue.attempt) return;
        const result = answer?.responses[0]?.partitionResponses[0];
        if (result === undefined) this.again(queue);
        else this.answered(queue, batch, result.errorCode, result.baseOffset);
      });
    }
  }

  private answered(queue: Queue, batch: Outgoing, error: number, baseOffset: number): void {
    const { onWrong, onAcknowledged, history, clock } = this.options;
    if (queue.unacknowledged[0] !== batch) {
      // Answers of one connection come in order; the first must have failed for another to be answered before it.
      this.again(queue);
      return;
    }
    if (error === ErrorCode.NONE || error === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      queue.unacknowledged.shift();
      queue.underWay -= 1;
      if (error === ErrorCode.NONE && baseOffset < 0) onWrong(`${queue.key}: acknowledged at ${baseOffset}`);
      if (error === ErrorCode.NONE) {
        onAcknowledged({ key: queue.key, baseOffset, batch: batch.bytes, sentAt: batch.sentAt });
      }
      const now = clock.monotonic();
      batch.sends.forEach((send, index) => {
        history.acknowledge(send, error === ErrorCode.NONE ? baseOffset + index : -1, now);
      });
      this.pump(queue);
      return;
    }
    // Everything before it was acknowledged, so a broker that does not know its sequence has forgotten some of that.
    if (NEVER.has(error))
      onWrong(`${queue.key}: sequence ${batch.sequence} was answered with ${errorName(error)}`);
    this.again(queue);
  }

  /** Sends everything from the first batch that is not acknowledged, to whoever leads then. */
  private again(queue: Queue): void {
    queue.attempt += 1;
    queue.underWay = 0;
    if (queue.waiting) return;
    queue.waiting = true;
    const { clock, random } = this.options;
    clock.setTimer(RETRY_MS + random.below(RETRY_MS), () => {
      this.metadata.refresh(() => {
        queue.waiting = false;
        this.pump(queue);
      });
    });
  }

  private queueOf(key: string): Queue {
    let queue = this.queues.get(key);
    if (queue === undefined) {
      queue = {
        key,
        unacknowledged: [],
        underWay: 0,
        attempt: 0,
        nextSequence: 0,
        waiting: false,
        leader: -1,
      };
      this.queues.set(key, queue);
    }
    return queue;
  }
}

/** Nothing that this producer does deserves these. */
const NEVER: ReadonlySet<number> = new Set([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.UNKNOWN_SERVER_ERROR,
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.INVALID_RECORD,
]);

const errorName = (code: number): string =>
  Object.entries(ErrorCode).find(([, value]) => value === code)?.[0] ?? String(code);
