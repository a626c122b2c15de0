/**
 * The port to topics over kafkajs. This folder is the only one that imports kafkajs. Holds the process's producer and
 * admin connections and every open reader, and closes them in order.
 */
import type { Position } from '@tidemark/contracts';
import { partitionKey } from '@tidemark/contracts';
import { TopicsError } from '../topics/topics.js';
import type {
  OutgoingRecord,
  Ownership,
  OwnershipOptions,
  PublishedRecord,
  PublishOptions,
  Tail,
  TailOptions,
  Topics,
  TopicSpec,
} from '../topics/topics.js';
import { KafkaAdmin } from './kafka-admin.js';
import type { KafkaSettings } from './kafka-client.js';
import { KafkaOwnership } from './kafka-ownership.js';
import { KafkaPublisher } from './kafka-publisher.js';
import { KafkaTail } from './kafka-tail.js';

export class KafkaTopics implements Topics {
  readonly #settings: KafkaSettings;
  readonly #admin: KafkaAdmin;
  readonly #publisher: KafkaPublisher;
  readonly #readers = new Set<{ close(): Promise<void> }>();
  #closed = false;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#admin = new KafkaAdmin(settings);
    this.#publisher = new KafkaPublisher(settings, this.#admin);
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    this.#checkOpen();
    await this.#admin.ensure(specs);
  }

  async partitions(topic: string): Promise<number> {
    this.#checkOpen();
    return this.#admin.partitions(topic);
  }

  async ends(topic: string): Promise<Position> {
    this.#checkOpen();
    const ends = await this.#admin.ends(topic);
    return new Map([...ends].map(([partition, end]) => [partitionKey(topic, partition), end]));
  }

  async publish(
    topic: string,
    records: readonly OutgoingRecord[],
    options?: PublishOptions,
  ): Promise<PublishedRecord[]> {
    this.#checkOpen();
    return this.#publisher.publish(topic, records, options);
  }

  async tail(options: TailOptions): Promise<Tail> {
    this.#checkOpen();
    const tail = await KafkaTail.open(this.#settings, this.#admin, options, (closed) => {
      this.#readers.delete(closed);
    });
    this.#readers.add(tail);
    return tail;
  }

  async own(options: OwnershipOptions): Promise<Ownership> {
    this.#checkOpen();
    for (const topic of options.topics.keys()) await this.#admin.partitions(topic);
    const ownership = new KafkaOwnership(this.#settings, this.#admin, options, (closed) => {
      this.#readers.delete(closed);
    });
    this.#readers.add(ownership);
    return ownership;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#readers].map((reader) => reader.close()));
    await this.#publisher.close();
    await this.#admin.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new TopicsError('closed', 'the topics are closed');
  }
}
