/**
 * An idempotent producer that never gives up: writes the numbers 0, 1, 2... to one partition, five batches in flight,
 * and after every broken connection sends again what was not acknowledged, with the same sequences. What it holds is
 * the truth that a log is checked against: how many records were acknowledged, and at which offsets.
 */
import { buildBatch, ErrorCode, initProducerIdApi, metadataApi, produceApi } from '@tidemark/wire';
import { eventually } from '../harness/eventually.js';
import { WireConnection } from '../harness/wire-connection.js';

const IN_FLIGHT_MAX = 5;
const PRODUCE_VERSION = 7;
/** After so long without an answer the connection is given up, as any client does. */
const ANSWER_BOUND_MS = 10_000;

interface Batch {
  readonly firstNumber: number;
  readonly bytes: Uint8Array;
}

export class SteadyProducer {
  #connection: WireConnection | undefined;
  #producer = { producerId: -1, producerEpoch: -1 };
  #next = 0;
  #acknowledged = 0;
  #stopping = false;
  #abandoned = false;
  #running: Promise<void> | undefined;
  /** Why batches had to be sent again, with counts. */
  readonly retries = new Map<string, number>();

  constructor(
    private readonly address: string,
    private readonly topic: string,
    private readonly recordsPerBatch = 10,
  ) {}

  /** Records acknowledged; they are the numbers below it, in order and without a gap. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Waits until everything sent is acknowledged. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.#connection?.close();
  }

  /** Gives up what is not acknowledged. */
  abandon(): void {
    this.#abandoned = true;
    this.#connection?.close();
  }

  async #run(): Promise<void> {
    const unacknowledged: Batch[] = [];
    while (!this.#abandoned && (!this.#stopping || unacknowledged.length > 0)) {
      const connection = await this.#connected();
      if (connection === undefined) return;
      while (!this.#stopping && unacknowledged.length < IN_FLIGHT_MAX) unacknowledged.push(this.#batch());
      // Sent side by side on one connection, so that they arrive, and are appended, in this order.
      const outcomes = await Promise.all(unacknowledged.map((batch) => this.#send(connection, batch)));
      const failed = outcomes.findIndex((error) => error !== undefined);
      for (const { firstNumber } of unacknowledged.splice(0, failed === -1 ? outcomes.length : failed)) {
        this.#acknowledged = firstNumber + this.recordsPerBatch;
      }
      if (failed !== -1) {
        const reason = outcomes[failed] ?? '';
        this.retries.set(reason, (this.retries.get(reason) ?? 0) + 1);
        connection.close();
      }
    }
  }

  #batch(): Batch {
    const firstNumber = this.#next;
    this.#next += this.recordsPerBatch;
    const records = Array.from({ length: this.recordsPerBatch }, (_, index) => ({
      key: null,
      value: Buffer.from(String(firstNumber + index)),
      headers: [],
    }));
    const options = { ...this.#producer, baseSequence: firstNumber, timestamp: Date.now() };
    return { firstNumber, bytes: buildBatch(records, options) };
  }

  /** Nothing when it is acknowledged, else why not. */
  async #send(connection: WireConnection, batch: Batch): Promise<string | undefined> {
    const bound = setTimeout(() => connection.close(), ANSWER_BOUND_MS);
    try {
      const answer = await connection.request(produceApi, PRODUCE_VERSION, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 5_000,
        topicData: [{ name: this.topic, partitionData: [{ index: 0, records: batch.bytes }] }],
      });
      const partition = answer.responses[0]?.partitionResponses[0];
      if (partition?.errorCode !== ErrorCode.NONE) return `error ${partition?.errorCode}`;
      return partition.baseOffset === batch.firstNumber ? undefined : `offset ${partition.baseOffset}`;
    } catch (error) {
      return (error as Error).message;
    } finally {
      clearTimeout(bound);
    }
  }

  /** Nothing once it was abandoned. */
  async #connected(): Promise<WireConnection | undefined> {
    if (this.#connection?.closed === false) return this.#connection;
    const connected = await eventually<WireConnection | 'abandoned' | undefined>(async () => {
      if (this.#abandoned) return 'abandoned';
      try {
        const connection = await WireConnection.open(this.address);
        if (this.#producer.producerId === -1) await this.#introduce(connection);
        this.#connection = connection;
        return connection;
      } catch {
        return undefined;
      }
    }, 90_000);
    return connected === 'abandoned' ? undefined : connected;
  }

  async #introduce(connection: WireConnection): Promise<void> {
    await connection.request(metadataApi, 4, {
      topics: [{ name: this.topic }],
      allowAutoTopicCreation: true,
    });
    const request = { transactionalId: null, transactionTimeoutMs: 0 };
    const { errorCode, producerId, producerEpoch } = await connection.request(initProducerIdApi, 1, request);
    if (errorCode !== ErrorCode.NONE) throw new Error(`InitProducerId: ${errorCode}`);
    this.#producer = { producerId, producerEpoch };
  }
}
