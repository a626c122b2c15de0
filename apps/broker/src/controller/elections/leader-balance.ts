/**
 * Gives first replicas their leadership back, some time after a restart took it: on the active controller, looks at a
 * fixed interval for partitions that another replica leads while the first one is in sync and alive. Holds the timer.
 */
import type { Logger } from 'pino';
import type { Deadline, Deadlines } from '../../replicas/deadlines.js';
import type { Controller } from '../controller.js';
import { isImbalanced } from './elect-leaders.js';

export interface LeaderBalanceOptions {
  readonly controller: Pick<Controller, 'image' | 'submit' | 'onActive' | 'active'>;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  readonly enabled: boolean;
  readonly intervalMs: number;
}

/** Elections at one look: each costs its partition a moment. */
const PARTITIONS_MAX = 1_000;

export class LeaderBalance {
  readonly #options: LeaderBalanceOptions;
  #next: Deadline | undefined;

  constructor(options: LeaderBalanceOptions) {
    this.#options = options;
    if (!options.enabled) return;
    options.controller.onActive((active) => {
      this.stop();
      if (active) this.#schedule();
    });
  }

  stop(): void {
    if (this.#next !== undefined) this.#options.deadlines.cancel(this.#next);
    this.#next = undefined;
  }

  #schedule(): void {
    const { deadlines, intervalMs } = this.#options;
    this.#next = deadlines.set(intervalMs, () => {
      this.#balance();
      this.#schedule();
    });
  }

  #balance(): void {
    const { controller, logger } = this.#options;
    const partitions = this.#imbalanced();
    if (partitions.length === 0) return;
    logger.info({ partitions: partitions.length }, 'first replicas are given their leadership back');
    controller.submit({ type: 'ElectLeaders', election: 'preferred', partitions }, () => {
      // What was not moved is looked at again next time.
    });
  }

  #imbalanced(): { topic: string; partition: number }[] {
    const { image } = this.#options.controller;
    const active = (brokerId: number): boolean => {
      const broker = image.brokers.get(brokerId);
      return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
    };
    const found: { topic: string; partition: number }[] = [];
    for (const topic of image.topics.values()) {
      for (const partition of topic.partitions) {
        if (found.length >= PARTITIONS_MAX) return found;
        if (isImbalanced({ active }, partition))
          found.push({ topic: topic.name, partition: partition.partition });
      }
    }
    return found;
  }
}
