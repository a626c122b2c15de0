/**
 * The lanes of one consumer: one per partition that it reads, each fed with fetched batches at exactly its position.
 * Shared by `kafka-tail.ts` and `kafka-ownership.ts`, which decide when a lane begins and ends. Holds, beside the
 * lanes, which partitions are not to be fetched and why.
 *
 * What must hold: after every join each lane's partition is sought to the lane's own position; a batch that does not
 * start there is dropped and the partition sought again; no reader ever jumps to the end of a log.
 */
import type { Batch, KafkaMessage } from 'kafkajs';
import { partitionKey } from '@tidemark/contracts';
import { PartitionLane } from '../topics/partition-lane.js';
import type { LaneOptions } from '../topics/partition-lane.js';
import { splitPartitionKey } from '../topics/topic-partition.js';
import type { DeliveredBatch, Gap, ReaderOptions, TopicRecord } from '../topics/topics.js';
import { describeError } from '../hosting/logger.js';
import type { AssignedPartitions, ConsumerSession } from './consumer-session.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { KafkaSettings } from './kafka-client.js';

export interface FetchedLanesOptions extends ReaderOptions {
  readonly settings: KafkaSettings;
  readonly admin: KafkaAdmin;
  readonly session: () => ConsumerSession | undefined;
  readonly onTaken: () => void;
}

/** How often a partition whose position lies past the log's end is looked at. */
const GAP_RETRY_MS = 1_000;

export class FetchedLanes {
  readonly #options: FetchedLanesOptions;
  readonly #lanes = new Map<string, PartitionLane>();
  /** Keys of partitions whose position is being looked after; they are not fetched meanwhile. */
  readonly #outOfRange = new Set<string>();
  #assigned: AssignedPartitions = new Map();

  constructor(options: FetchedLanesOptions) {
    this.#options = options;
  }

  get all(): Iterable<PartitionLane> {
    return this.#lanes.values();
  }

  get(topic: string, partition: number): PartitionLane | undefined {
    return this.#lanes.get(partitionKey(topic, partition));
  }

  /** Begins to fetch the partition at `position`. */
  begin(topic: string, partition: number, position: number): PartitionLane {
    const { settings, onBatch, onTaken } = this.#options;
    const options: LaneOptions = {
      topic,
      partition,
      position,
      clock: settings.clock,
      onBatch,
      onTaken,
      onFull: () => this.#updateFetching(topic, partition),
      onRejected: (error, batch, attempt) => this.#report(error, batch, attempt),
    };
    const lane = new PartitionLane(options);
    this.#lanes.set(partitionKey(topic, partition), lane);
    this.#seek(lane);
    this.#updateFetching(topic, partition);
    return lane;
  }

  /** Resolves when the batch in hand has been finished with. */
  end(topic: string, partition: number): Promise<void> {
    const key = partitionKey(topic, partition);
    const lane = this.#lanes.get(key);
    this.#lanes.delete(key);
    this.#outOfRange.delete(key);
    return lane?.end() ?? Promise.resolve();
  }

  async endAll(): Promise<void> {
    const keys = [...this.#lanes.keys()].map(splitPartitionKey);
    await Promise.all(keys.map(({ topic, partition }) => this.end(topic, partition)));
  }

  seek(topic: string, partition: number, position: number): void {
    const lane = this.get(topic, partition);
    if (lane === undefined) return;
    lane.seek(position);
    this.#outOfRange.delete(partitionKey(topic, partition));
    this.#seek(lane);
    this.#updateFetching(topic, partition);
  }

  /** To be called within `onJoined`: the consumer has forgotten every position and kept what was paused. */
  joined(assigned: AssignedPartitions): void {
    this.#assigned = assigned;
    for (const [topic, partitions] of assigned) {
      for (const partition of partitions) {
        const lane = this.get(topic, partition);
        if (lane !== undefined) this.#seek(lane);
        this.#updateFetching(topic, partition);
      }
    }
  }

  /** To be called within `onBatch`. */
  fetched(batch: Batch): void {
    const { topic, partition } = batch;
    const lane = this.get(topic, partition);
    if (lane === undefined) return;
    if (!lane.offer(toDelivered(batch))) this.#seek(lane);
  }

  outOfRange(topic: string, partition: number): void {
    const key = partitionKey(topic, partition);
    if (this.#outOfRange.has(key) || !this.#lanes.has(key)) return;
    this.#outOfRange.add(key);
    void this.#lookAfter(topic, partition, key);
  }

  /** Until the position lies within the log again. */
  async #lookAfter(topic: string, partition: number, key: string): Promise<void> {
    const { settings, admin } = this.#options;
    let told = false;
    while (this.#outOfRange.has(key)) {
      const lane = this.#lanes.get(key);
      const bounds = (await admin.bounds(topic).catch(() => undefined))?.get(partition);
      if (lane === undefined || lane !== this.#lanes.get(key) || !this.#outOfRange.has(key)) return;
      if (bounds !== undefined) {
        const position = lane.fetchPosition;
        const gap: Gap = { topic, partition, position, logStart: bounds.start, logEnd: bounds.end };
        const isOutside = position < bounds.start || position > bounds.end;
        if (isOutside && !told) this.#tell(gap);
        told = true;
        if (position <= bounds.end) {
          this.seek(topic, partition, Math.max(position, bounds.start));
          return;
        }
      }
      await new Promise<void>((resolve) => settings.clock.setTimer(GAP_RETRY_MS, resolve));
    }
  }

  #tell(gap: Gap): void {
    this.#options.settings.logger.error(gap, 'a position lies outside of its log');
    this.#options.onGap?.(gap);
  }

  #seek(lane: PartitionLane): void {
    if (this.#isAssigned(lane.topic, lane.partition))
      this.#options.session()?.seek(lane.topic, lane.partition, lane.fetchPosition);
  }

  /** Fetching is for lanes with room and a position within the log; without a lane there is nobody to give it to. */
  #updateFetching(topic: string, partition: number): void {
    if (!this.#isAssigned(topic, partition)) return;
    const key = partitionKey(topic, partition);
    const lane = this.#lanes.get(key);
    const session = this.#options.session();
    if (lane === undefined || lane.full || this.#outOfRange.has(key)) session?.pause(topic, [partition]);
    else session?.resume(topic, [partition]);
  }

  #isAssigned(topic: string, partition: number): boolean {
    return this.#assigned.get(topic)?.includes(partition) === true;
  }

  #report(error: unknown, batch: DeliveredBatch, attempt: number): void {
    const { topic, partition, position } = batch;
    const fields = { topic, partition, position, attempt, error: describeError(error) };
    this.#options.settings.logger.error(fields, 'a batch was not taken; it is given again');
  }
}

/** What kafkajs keeps and does not declare: the offset that the fetch asked for. */
interface FetchedBatch extends Batch {
  readonly fetchedOffset?: string;
}

function toDelivered(batch: FetchedBatch): DeliveredBatch {
  const { topic, partition } = batch;
  return {
    topic,
    partition,
    records: batch.messages.map((message) => toRecord(topic, partition, message)),
    position: Number(batch.fetchedOffset),
    nextPosition: Number(batch.lastOffset()) + 1,
  };
}

function toRecord(topic: string, partition: number, message: KafkaMessage): TopicRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString('utf8') ?? null,
    rawKey: message.key,
    value: message.value,
    // Read from the wire, values are buffers or lists of them; strings are for writing.
    headers: (message.headers ?? {}) as TopicRecord['headers'],
  };
}
