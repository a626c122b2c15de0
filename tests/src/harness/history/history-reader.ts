/**
 * A consumer of one partition from its start, by Fetch from whoever leads, also across failovers: what it gets goes into
 * the history under its name. Holds its position. Reads until it is stopped, or up to an end that it is told.
 */
import {
  batchLastOffset,
  batchSizeBytes,
  ErrorCode,
  fetchApi,
  isControl,
  readBatchRecords,
  type EncodableRequest,
} from '@tidemark/wire';
import type { History, Polled } from '@tidemark/simulation';
import type { LeaderFinder } from './leader-finder.js';
import { WireConnection } from '../wire-connection.js';
import { within } from '../within.js';

const FETCH_VERSION = 11;
const BYTES_MAX = 1024 * 1024;
const WAIT_MS = 200;
const ANSWER_MS = 2_000;

export interface HistoryReaderOptions {
  readonly name: string;
  readonly history: History;
  readonly finder: LeaderFinder;
  readonly topic: string;
  readonly partition: number;
}

export class HistoryReader {
  #position = 0;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  /** Everything that it got, in order. */
  readonly values: string[] = [];
  /** Answers that a reader from the start may not get. */
  readonly wrong: string[] = [];

  constructor(private readonly options: HistoryReaderOptions) {}

  get position(): number {
    return this.#position;
  }

  start(): void {
    this.#running = this.#run(() => this.#stopping);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** Reads everything below `end`; rejects when that takes too long. */
  async readTo(end: number, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    await this.#run(() => this.#position >= end || performance.now() > deadline);
    if (this.#position < end) throw new Error(`${this.options.name} came to ${this.#position} of ${end}`);
  }

  async #run(isDone: () => boolean): Promise<void> {
    const { finder, partition } = this.options;
    while (!isDone()) {
      const leader = finder.leaderOf(partition);
      if (leader !== undefined) await this.#readFrom(leader.address, isDone).catch(() => undefined);
      if (!isDone()) await finder.refresh();
    }
  }

  /** Until done, or until this broker does not serve the partition. */
  async #readFrom(address: string, isDone: () => boolean): Promise<void> {
    const connection = await WireConnection.open(address, WAIT_MS);
    try {
      while (!isDone()) {
        const answer = await within(ANSWER_MS, connection.request(fetchApi, FETCH_VERSION, this.#request()));
        const found = answer.responses[0]?.partitions[0];
        if (found?.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
          this.wrong.push(`${this.options.name}: position ${this.#position} is out of range`);
          this.#position = 0;
        }
        if (found?.errorCode !== ErrorCode.NONE) return;
        this.#take(found.records ?? new Uint8Array());
      }
    } finally {
      connection.close();
    }
  }

  #take(records: Uint8Array): void {
    const { history, name, topic, partition } = this.options;
    const polled: Polled[] = [];
    let end = this.#position;
    for (let at = 0; isWhole(records, at); at += batchSizeBytes(records, at)) {
      if (!isControl(records, at)) {
        for (const { offset, value } of readBatchRecords(records, at)) {
          if (offset >= this.#position) polled.push({ offset, value: Buffer.from(value ?? []).toString() });
        }
      }
      end = Math.max(end, batchLastOffset(records, at) + 1);
    }
    for (const { value } of polled) this.values.push(value);
    history.poll(name, `${topic}-${partition}`, polled);
    this.#position = end;
  }

  #request(): EncodableRequest<typeof fetchApi> {
    return {
      replicaId: -1,
      maxWaitMs: WAIT_MS,
      minBytes: 1,
      maxBytes: BYTES_MAX,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [
        {
          topic: this.options.topic,
          partitions: [
            {
              partition: this.options.partition,
              currentLeaderEpoch: -1,
              fetchOffset: this.#position,
              logStartOffset: -1,
              partitionMaxBytes: BYTES_MAX,
            },
          ],
        },
      ],
      forgottenTopicsData: [],
      rackId: '',
    };
  }
}

const HEADER_BYTES = 61;

const isWhole = (records: Uint8Array, at: number): boolean =>
  at + HEADER_BYTES <= records.length && at + batchSizeBytes(records, at) <= records.length;
