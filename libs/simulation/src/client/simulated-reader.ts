/**
 * A reader of every partition of its topics, from the beginning, by Fetch to each leader; what it gets goes into the
 * history under its name. Holds its position in each partition. Made for load (runs until closed) and for the final
 * reads (is done when every partition was read to the end that it was told).
 */
import {
  ErrorCode,
  fetchApi,
  isControl,
  readBatchRecords,
  batchSizeBytes,
  batchLastOffset,
} from '@tidemark/wire';
import type { History, Polled } from '../checkers/history.js';
import { ClientMetadata, partitionOf, type ClientOptions } from './client-metadata.js';

export interface ReaderOptions extends ClientOptions {
  readonly name: string;
  readonly history: History;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  /** Between two fetches from one leader, and up to as long again. */
  readonly pauseMs: number;
}

const REQUEST_TIMEOUT_MS = 3_000;
const RETRY_MS = 150;

export class SimulatedReader {
  readonly metadata: ClientMetadata;
  readonly positions = new Map<string, number>();
  private readonly fetching = new Set<number>();
  private looking = false;
  private closed = false;

  constructor(private readonly options: ReaderOptions) {
    this.metadata = new ClientMetadata(options);
  }

  start(): void {
    this.look();
  }

  close(): void {
    this.closed = true;
    this.metadata.close();
  }

  /** Whether everything below these ends has been read. */
  hasRead(ends: ReadonlyMap<string, number>): boolean {
    for (const [key, end] of ends) if ((this.positions.get(key) ?? 0) < end) return false;
    return true;
  }

  private look(): void {
    if (this.closed || this.looking) return;
    this.looking = true;
    this.metadata.refresh(() => {
      this.looking = false;
      if (this.closed) return;
      const leaders = new Set(this.metadata.keys.map((key) => this.metadata.leaderOf(key) ?? -1));
      for (const leader of [...leaders].sort()) if (leader >= 0) this.fetch(leader);
      // Whoever leads nothing that is known now is looked for again.
      if (this.metadata.keys.length === 0 || leaders.has(-1)) this.lookSoon();
    });
  }

  private lookSoon(): void {
    this.options.clock.setTimer(RETRY_MS + this.options.random.below(RETRY_MS), () => this.look());
  }

  private fetch(leader: number): void {
    if (this.closed || this.fetching.has(leader)) return;
    const keys = this.metadata.keys.filter((key) => this.metadata.leaderOf(key) === leader);
    const connection = this.metadata.to(leader);
    if (keys.length === 0 || connection === undefined) {
      if (connection === undefined) this.lookSoon();
      return;
    }
    this.fetching.add(leader);
    const { maxWaitMs, maxBytes } = this.options;
    const topics = [...new Set(keys.map((key) => partitionOf(key).topic))].map((topic) => ({
      topic,
      partitions: keys
        .filter((key) => partitionOf(key).topic === topic)
        .map((key) => ({
          partition: partitionOf(key).partition,
          fetchOffset: this.positions.get(key) ?? 0,
          partitionMaxBytes: maxBytes,
        })),
    }));
    const request = { maxWaitMs, minBytes: 1, maxBytes, topics, forgottenTopicsData: [] };
    connection.ask(fetchApi, 12, request, REQUEST_TIMEOUT_MS, (answer) => {
      this.fetching.delete(leader);
      if (this.closed) return;
      let content = answer !== undefined;
      for (const { topic, partitions } of answer?.responses ?? []) {
        for (const { partitionIndex, errorCode, records } of partitions) {
          if (errorCode === ErrorCode.NONE) this.take(`${topic}-${partitionIndex}`, records ?? NOTHING);
          else content = false;
        }
      }
      const { clock, random, pauseMs } = this.options;
      if (content) clock.setTimer(pauseMs + random.below(pauseMs), () => this.fetch(leader));
      else this.lookSoon();
    });
  }

  private take(key: string, bytes: Uint8Array): void {
    let at = 0;
    let position = this.positions.get(key) ?? 0;
    const polled: Polled[] = [];
    while (at + 61 <= bytes.length && at + batchSizeBytes(bytes, at) <= bytes.length) {
      if (!isControl(bytes, at)) {
        for (const { offset, value } of readBatchRecords(bytes, at)) {
          if (offset >= position) polled.push({ offset, value: decoder.decode(value ?? undefined) });
        }
      }
      position = Math.max(position, batchLastOffset(bytes, at) + 1);
      at += batchSizeBytes(bytes, at);
    }
    this.positions.set(key, position);
    if (polled.length > 0) this.options.history.poll(this.options.name, key, polled);
  }
}

const decoder = new TextDecoder();
const NOTHING = new Uint8Array(0);
