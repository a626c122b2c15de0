/**
 * A share of partitions through a group in memory; rebalances happen at once when a member comes or goes.
 */
import type { Assignment, Ownership, OwnershipOptions } from '../topics/topics.js';
import { Tenures } from '../topics/tenures.js';
import { MemoryLanes } from './memory-lanes.js';
import type { MemorySettings } from './memory-topics.js';

export class MemoryOwnership implements Ownership {
  readonly joined: Promise<void>;
  readonly #settings: Required<MemorySettings>;
  readonly #memberId: string;
  readonly #options: OwnershipOptions;
  readonly #lanes: MemoryLanes;
  readonly #tenures: Tenures;
  readonly #onClosed: (ownership: MemoryOwnership) => void;

  constructor(
    settings: Required<MemorySettings>,
    memberId: string,
    options: OwnershipOptions,
    onClosed: (ownership: MemoryOwnership) => void,
  ) {
    const { log, clock, logger } = settings;
    this.#settings = settings;
    this.#memberId = memberId;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#lanes = new MemoryLanes({
      log,
      clock,
      logger,
      onBatch: options.onBatch,
      ...(options.onGap === undefined ? {} : { onGap: options.onGap }),
      onTaken: () => undefined,
    });
    const topics = [...options.topics.keys()];
    this.#tenures = new Tenures({
      clock,
      logger,
      onAssigned: options.onAssigned,
      onRevoked: options.onRevoked,
      locate: (partition) => Promise.resolve(this.#locate(partition)),
      begin: ({ partition, positions }) => {
        for (const [topic, position] of positions) this.#lanes.begin(topic, partition, position);
      },
      end: async (partition) => {
        await Promise.all(topics.map((topic) => this.#lanes.end(topic, partition)));
      },
    });
    this.joined = new Promise((resolve) => {
      log.join(options.group, {
        id: memberId,
        topics,
        held: () => this.#tenures.held(),
        assigned: (partitions) => {
          this.#tenures.update(partitions);
          resolve();
        },
      });
    });
  }

  partitions(): readonly number[] {
    return this.#tenures.held();
  }

  commit(topic: string, partition: number, position: number): void {
    if (this.#tenures.has(partition))
      this.#settings.log.commit(this.#options.group, topic, partition, position);
  }

  flushCommits(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#tenures.revokeAll();
    await this.#lanes.endAll();
    this.#settings.log.leave(this.#options.group, this.#memberId);
    this.#onClosed(this);
  }

  #locate(partition: number): Assignment {
    const { log } = this.#settings;
    const positions = new Map<string, number>();
    const ends = new Map<string, number>();
    for (const [topic, from] of this.#options.topics) {
      if (partition >= log.partitions(topic)) continue;
      const committed =
        from === 'committed' ? log.committed(this.#options.group, topic, partition) : undefined;
      positions.set(topic, committed ?? log.start(topic, partition));
      ends.set(topic, log.end(topic, partition));
    }
    return { partition, positions, ends };
  }
}
