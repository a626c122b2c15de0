/**
 * The port to topics in memory, for specs and simulations: the same contract as `kafka/`, deterministic on a
 * deterministic clock, without a network. Replicas share one `MemoryLog`.
 */
import { partitionKey } from '@tidemark/contracts';
import type { Position } from '@tidemark/contracts';
import type { Clock } from '@tidemark/platform';
import { silentLogger } from '../hosting/logger.js';
import type { Logger } from '../hosting/logger.js';
import { Partitioner } from '../topics/partitioner.js';
import { TopicsError } from '../topics/topics.js';
import type {
  OutgoingRecord,
  Ownership,
  OwnershipOptions,
  PublishedRecord,
  Tail,
  TailOptions,
  Topics,
  TopicSpec,
} from '../topics/topics.js';
import type { MemoryLog } from './memory-log.js';
import { MemoryOwnership } from './memory-ownership.js';
import { MemoryTail } from './memory-tail.js';

export interface MemorySettings {
  readonly log: MemoryLog;
  readonly clock: Clock;
  /** Tells members of a group apart. */
  readonly replica: string;
  readonly logger?: Logger;
}

/* eslint-disable @typescript-eslint/require-await -- the port is asynchronous: `async` turns what is thrown into rejections */

/** What kafka/publish-lane.ts allows, so that a test in memory meets the same limit. */
const BATCH_BYTES_MAX = 900 * 1024;

export class MemoryTopics implements Topics {
  readonly #settings: Required<MemorySettings>;
  readonly #partitioner = new Partitioner();
  readonly #readers = new Set<{ close(): Promise<void> }>();
  #members = 0;
  #closed = false;

  constructor(settings: MemorySettings) {
    this.#settings = { logger: silentLogger, ...settings };
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    this.#checkOpen();
    const { log } = this.#settings;
    const differences: string[] = [];
    for (const spec of specs) {
      const found = log.spec(spec.name);
      if (found === undefined) log.create(spec);
      else differences.push(...differencesOf(spec, found));
    }
    if (differences.length > 0) throw new TopicsError('mismatch', differences.join('; '));
  }

  async partitions(topic: string): Promise<number> {
    this.#checkOpen();
    return this.#settings.log.partitions(topic);
  }

  async ends(topic: string): Promise<Position> {
    this.#checkOpen();
    const { log } = this.#settings;
    const partitions = Array.from({ length: log.partitions(topic) }, (_, partition) => partition);
    return new Map(
      partitions.map((partition) => [partitionKey(topic, partition), log.end(topic, partition)]),
    );
  }

  async publish(topic: string, records: readonly OutgoingRecord[]): Promise<PublishedRecord[]> {
    this.#checkOpen();
    const { log, clock } = this.#settings;
    const partitions = log.partitions(topic);
    const placed = records.map((record) => ({
      record,
      partition: this.#partitioner.pick(record, partitions),
    }));
    const byPartition = new Map<number, OutgoingRecord[]>();
    for (const { record, partition } of placed) {
      if (partition < 0 || partition >= partitions)
        throw new TopicsError('unknown-topic', `there is no partition ${partition} of ${partitions}`);
      byPartition.set(partition, [...(byPartition.get(partition) ?? []), record]);
    }
    for (const batch of byPartition.values()) checkSize(topic, batch);
    const next = new Map<number, number>();
    for (const [partition, batch] of byPartition)
      next.set(partition, log.append(topic, partition, batch, clock.now()));
    // As after a round trip: readers may see the records before the publisher hears of them.
    await new Promise<void>((resolve) => clock.defer(resolve));
    return placed.map(({ partition }) => {
      const offset = next.get(partition) ?? 0;
      next.set(partition, offset + 1);
      return { partition, offset };
    });
  }

  async tail(options: TailOptions): Promise<Tail> {
    this.#checkOpen();
    const tail = new MemoryTail(this.#settings, options, (closed) => this.#readers.delete(closed));
    this.#readers.add(tail);
    return tail;
  }

  async own(options: OwnershipOptions): Promise<Ownership> {
    this.#checkOpen();
    for (const topic of options.topics.keys()) this.#settings.log.partitions(topic);
    this.#members += 1;
    const memberId = `${this.#settings.replica}-${this.#members}`;
    const ownership = new MemoryOwnership(this.#settings, memberId, options, (closed) =>
      this.#readers.delete(closed),
    );
    this.#readers.add(ownership);
    return ownership;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }

  #checkOpen(): void {
    if (this.#closed) throw new TopicsError('closed', 'the topics are closed');
  }
}

function differencesOf(wanted: TopicSpec, found: TopicSpec): string[] {
  const { name, partitions } = wanted;
  const configs = Object.entries(wanted.configs ?? {}).filter(
    ([key, value]) => found.configs?.[key] !== value,
  );
  return [
    ...(found.partitions === partitions
      ? []
      : [`${name} has ${found.partitions} partitions instead of ${partitions}`]),
    ...configs.map(([key, value]) => `${name} has ${key}=${found.configs?.[key]} instead of ${value}`),
  ];
}

function checkSize(topic: string, records: readonly OutgoingRecord[]): void {
  const bytes = records.reduce((sum, { key, value }) => sum + byteLength(key) + byteLength(value), 0);
  if (bytes > BATCH_BYTES_MAX)
    throw new TopicsError(
      'too-large',
      `${bytes} bytes for one partition of ${topic} exceed ${BATCH_BYTES_MAX}`,
    );
}

function byteLength(bytes: string | Uint8Array | null): number {
  return bytes === null ? 0 : Buffer.byteLength(bytes);
}
