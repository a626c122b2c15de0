/**
 * A reader of every partition over a log in memory.
 */
import { partitionKey } from '@tidemark/contracts';
import type { Position } from '@tidemark/contracts';
import { TopicsError } from '../topics/topics.js';
import type { Tail, TailOptions } from '../topics/topics.js';
import { MemoryLanes } from './memory-lanes.js';
import type { MemorySettings } from './memory-topics.js';

export class MemoryTail implements Tail {
  readonly caughtUp: Promise<void>;
  readonly #log: MemorySettings['log'];
  readonly #lanes: MemoryLanes;
  readonly #targets = new Map<string, number>();
  readonly #onClosed: () => void;
  #settleCaughtUp: { readonly resolve: () => void; readonly reject: (error: Error) => void };

  constructor(
    settings: Required<MemorySettings>,
    options: TailOptions,
    onClosed: (tail: MemoryTail) => void,
  ) {
    const { log, clock, logger } = settings;
    this.#log = log;
    this.#onClosed = () => onClosed(this);
    this.#settleCaughtUp = { resolve: () => undefined, reject: () => undefined };
    this.caughtUp = new Promise((resolve, reject) => {
      this.#settleCaughtUp = { resolve, reject };
    });
    this.caughtUp.catch(() => undefined);
    this.#lanes = new MemoryLanes({
      log,
      clock,
      logger,
      onBatch: options.onBatch,
      ...(options.onGap === undefined ? {} : { onGap: options.onGap }),
      onTaken: () => this.#checkCaughtUp(),
    });
    for (const topic of options.topics) {
      for (let partition = 0; partition < log.partitions(topic); partition += 1) {
        const key = partitionKey(topic, partition);
        this.#targets.set(key, log.end(topic, partition));
        this.#lanes.begin(topic, partition, this.#startOf(options.from, topic, partition));
      }
    }
    this.#checkCaughtUp();
  }

  positions(): Position {
    return new Map(
      [...this.#lanes.all].map((lane) => [partitionKey(lane.topic, lane.partition), lane.position]),
    );
  }

  lag(): number {
    let lag = 0;
    for (const lane of this.#lanes.all)
      lag += Math.max(0, this.#log.end(lane.topic, lane.partition) - lane.position);
    return lag;
  }

  seek(topic: string, partition: number, position: number): void {
    this.#lanes.seek(topic, partition, position);
  }

  pause(): void {
    for (const lane of this.#lanes.all) lane.pause();
  }

  resume(): void {
    for (const lane of this.#lanes.all) lane.resume();
  }

  async close(): Promise<void> {
    this.#settleCaughtUp.reject(new TopicsError('closed', 'the tail was closed before it had caught up'));
    await this.#lanes.endAll();
    this.#onClosed();
  }

  #startOf(from: TailOptions['from'], topic: string, partition: number): number {
    if (from === 'end') return this.#log.end(topic, partition);
    const start = this.#log.start(topic, partition);
    return from === 'beginning' ? start : (from.get(partitionKey(topic, partition)) ?? start);
  }

  #checkCaughtUp(): void {
    const positions = this.positions();
    for (const [key, target] of this.#targets) {
      if ((positions.get(key) ?? 0) >= target) this.#targets.delete(key);
    }
    if (this.#targets.size === 0) this.#settleCaughtUp.resolve();
  }
}
