/**
 * Partition led, coordinator there: keeps one owner object for each partition of an internal topic that this broker
 * leads, from the epoch in which it took over to the next. Follows the metadata after the replicas have; knows
 * nothing of what the owners do. One for groups; the transaction coordinator will have another.
 */
import type { MetadataImage } from '../controller/metadata-image.js';
import type { Replica } from '../replicas/replica.js';
import type { Replicas } from '../replicas/replicas.js';

export interface OwnedPartition {
  readonly leaderEpoch: number;
  start(): void;
  /** The leadership has ended, or the broker stops: whoever waits is told. */
  close(): void;
}

export interface ShardsOptions<Owner extends OwnedPartition> {
  readonly topic: string;
  readonly replicas: Pick<Replicas, 'leader'>;
  readonly make: (replica: Replica, leaderEpoch: number) => Owner;
}

export class Shards<Owner extends OwnedPartition> {
  readonly #owners = new Map<number, Owner>();

  constructor(private readonly options: ShardsOptions<Owner>) {}

  /** Takes over what this broker now leads, gives up what it does not. */
  follow(image: MetadataImage): void {
    const partitions = image.topics.get(this.options.topic)?.partitions ?? [];
    for (const [partition, owner] of this.#owners) {
      const replica = this.options.replicas.leader(this.options.topic, partition);
      const led = partition < partitions.length && typeof replica !== 'number';
      if (!led || replica.leaderEpoch !== owner.leaderEpoch) this.#giveUp(partition, owner);
    }
    for (const { partition } of partitions) {
      const replica = this.options.replicas.leader(this.options.topic, partition);
      if (typeof replica === 'number' || this.#owners.has(partition)) continue;
      const owner = this.options.make(replica, replica.leaderEpoch);
      this.#owners.set(partition, owner);
      owner.start();
    }
  }

  get(partition: number): Owner | undefined {
    return this.#owners.get(partition);
  }

  all(): Iterable<Owner> {
    return this.#owners.values();
  }

  close(): void {
    for (const [partition, owner] of this.#owners) this.#giveUp(partition, owner);
  }

  #giveUp(partition: number, owner: Owner): void {
    this.#owners.delete(partition);
    owner.close();
  }
}
