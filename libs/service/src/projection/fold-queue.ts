/**
 * The batches that wait to be folded into a projection, and where in each partition the next one must begin. Owned by
 * the runner: the tail adds, the runner's loop takes.
 *
 * What must hold: what is taken continues, in every partition, what was taken before; a batch that does not is dropped
 * and its partition sought. Whoever added a batch waits until it is finished with, so that the tail holds back.
 */
import { partitionKey, type Position } from '@tidemark/contracts';
import type { DeliveredBatch, TopicRecord } from '../topics/topics.js';
import type { WrittenPosition } from './projection-store.js';

interface Delivery {
  readonly batch: DeliveredBatch;
  readonly finish: () => void;
}

/** What is folded together, and what is done with it then: finished with, or put back where it was. */
export interface Taken {
  readonly records: readonly TopicRecord[];
  /** Behind the records, by partition. */
  readonly positions: readonly WrittenPosition[];
  finish(): void;
  putBack(): void;
}

export class FoldQueue {
  readonly #deliveries: Delivery[] = [];
  #next = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#deliveries.length === 0;
  }

  /** Resolves when the batch was folded or dropped. */
  add(batch: DeliveredBatch): Promise<void> {
    return new Promise((finish) => {
      this.#deliveries.push({ batch, finish });
    });
  }

  /** What was taken before does not count any more. */
  startAt(positions: Position): void {
    this.#next = new Map(positions);
  }

  skipTo(topic: string, partition: number, position: number): void {
    this.#next.set(partitionKey(topic, partition), position);
  }

  /** About so many records, none when nothing fits. `seek`: a partition's next batch must begin there. */
  take(recordsMax: number, seek: (topic: string, partition: number, position: number) => void): Taken {
    const taken: Delivery[] = [];
    let count = 0;
    while (count < recordsMax) {
      const delivery = this.#deliveries.shift();
      if (delivery === undefined) break;
      const { topic, partition, position, nextPosition, records } = delivery.batch;
      const key = partitionKey(topic, partition);
      const expected = this.#next.get(key) ?? 0;
      if (position !== expected) {
        seek(topic, partition, expected);
        delivery.finish();
        continue;
      }
      this.#next.set(key, nextPosition);
      count += records.length;
      taken.push(delivery);
    }
    return {
      records: taken.flatMap(({ batch }) => batch.records),
      positions: taken.map(({ batch: { topic, partition, nextPosition: next } }) => ({
        topic,
        partition,
        next,
      })),
      finish: () => {
        for (const { finish } of taken) finish();
      },
      putBack: () => void this.#deliveries.unshift(...taken),
    };
  }

  /** Nobody waits any more. */
  clear(): void {
    for (const { finish } of this.#deliveries.splice(0)) finish();
  }
}
