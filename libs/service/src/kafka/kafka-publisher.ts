/**
 * Publishing: places records on partitions, refuses what is too large or too much before anything is sent, and hands
 * the rest to the topic's lane. Holds a lane per topic and the number of bytes that wait in all of them.
 */
import type { Timer } from '@tidemark/platform';
import type { OutgoingRecord, PublishedRecord, PublishOptions } from '../topics/topics.js';
import { TopicsError } from '../topics/topics.js';
import { Partitioner } from '../topics/partitioner.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { KafkaSettings } from './kafka-client.js';
import { ProducerGenerations } from './producer-generations.js';
import { BATCH_BYTES_MAX, PublishLane } from './publish-lane.js';
import type { PlacedRecord } from './publish-lane.js';

const DEADLINE_MS = 30_000;
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** Attributes, deltas and lengths of one record, at most; a header's two lengths. */
const RECORD_OVERHEAD = 32;
const HEADER_OVERHEAD = 10;

export class KafkaPublisher {
  readonly #settings: KafkaSettings;
  readonly #admin: KafkaAdmin;
  readonly #generations: ProducerGenerations;
  readonly #lanes = new Map<string, PublishLane>();
  readonly #partitioner = new Partitioner();
  readonly #partitionCounts = new Map<string, number>();
  #waitingBytes = 0;

  constructor(settings: KafkaSettings, admin: KafkaAdmin) {
    this.#settings = settings;
    this.#admin = admin;
    this.#generations = new ProducerGenerations(settings);
  }

  /** Rejects with `TopicsError`. */
  async publish(
    topic: string,
    records: readonly OutgoingRecord[],
    options: PublishOptions = {},
  ): Promise<PublishedRecord[]> {
    if (records.length === 0) return [];
    const deadline = this.#settings.clock.monotonic() + (options.deadlineMs ?? DEADLINE_MS);
    const partitions = this.#partitionCounts.get(topic) ?? (await this.#partitions(topic, deadline));
    const placed = this.#place(records, partitions);
    const bytes = bytesByPartition(placed);
    let total = 0;
    for (const size of bytes.values()) {
      if (size > BATCH_BYTES_MAX)
        throw new TopicsError(
          'too-large',
          `${size} bytes for one partition of ${topic} exceed ${BATCH_BYTES_MAX}`,
        );
      total += size;
    }
    if (this.#waitingBytes + total > WAITING_BYTES_MAX)
      throw new TopicsError('overloaded', `${this.#waitingBytes} bytes wait to be published`);
    this.#waitingBytes += total;
    try {
      return await new Promise<PublishedRecord[]>((resolve, reject) => {
        const settle = (result: PublishedRecord[] | TopicsError): void =>
          result instanceof TopicsError ? reject(result) : resolve(result);
        this.#lane(topic).add({ records: placed, bytes, deadline, settle });
      });
    } finally {
      this.#waitingBytes -= total;
    }
  }

  /** Lets what is under way finish, each within its deadline. */
  async close(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.drained()));
    await this.#generations.close();
  }

  /** Asked once per topic; the answer may take longer than this call has. */
  async #partitions(topic: string, deadline: number): Promise<number> {
    const { clock } = this.#settings;
    let timer: Timer | undefined;
    const overdue = new Promise<never>((_, reject) => {
      timer = clock.setTimer(deadline - clock.monotonic(), () =>
        reject(new TopicsError('unavailable', `${topic} could not be found in time`)),
      );
    });
    try {
      const count = await Promise.race([this.#admin.partitions(topic), overdue]);
      this.#partitionCounts.set(topic, count);
      return count;
    } finally {
      timer?.cancel();
    }
  }

  #place(records: readonly OutgoingRecord[], partitions: number): PlacedRecord[] {
    return records.map((record) => {
      const partition = this.#partitioner.pick(record, partitions);
      if (partition < 0 || partition >= partitions)
        throw new TopicsError('unknown-topic', `there is no partition ${partition} of ${partitions}`);
      return { ...record, partition };
    });
  }

  #lane(topic: string): PublishLane {
    let lane = this.#lanes.get(topic);
    if (lane === undefined) {
      lane = new PublishLane({
        settings: this.#settings,
        generations: this.#generations,
        topic,
        exists: () => this.#exists(topic),
      });
      this.#lanes.set(topic, lane);
    }
    return lane;
  }

  async #exists(topic: string): Promise<boolean> {
    this.#admin.forget(topic);
    this.#partitionCounts.delete(topic);
    try {
      await this.#admin.partitions(topic);
      return true;
    } catch (error) {
      return !(error instanceof TopicsError && error.code === 'unknown-topic');
    }
  }
}

/** What the records will take, rounded up. */
function bytesByPartition(records: readonly PlacedRecord[]): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const record of records) {
    let size = RECORD_OVERHEAD + lengthOf(record.key) + lengthOf(record.value);
    for (const [name, value] of Object.entries(record.headers ?? {})) {
      const values = typeof value === 'string' || value instanceof Uint8Array ? [value] : value;
      for (const part of values) size += HEADER_OVERHEAD + Buffer.byteLength(name) + lengthOf(part);
    }
    sizes.set(record.partition, (sizes.get(record.partition) ?? 0) + size);
  }
  return sizes;
}

function lengthOf(bytes: string | Uint8Array | null): number {
  if (bytes === null) return 0;
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.byteLength;
}
