/**
 * Readers that wait until a view has come to a position (read-your-writes). Holds those who wait; the runner calls
 * `reached` after every commit. Everybody is answered within the time he gave, and there is a limit to how many wait.
 */
import { isAtOrPast, type Position } from '@tidemark/contracts';
import type { Clock, Timer } from '@tidemark/platform';

export type WaitOutcome = 'reached' | 'timeout' | 'overloaded';

const WAITING_MAX = 10_000;

interface Waiter {
  readonly wanted: Position;
  readonly settle: (outcome: WaitOutcome) => void;
}

export class PositionWaiters {
  readonly #clock: Clock;
  /** Whether a topic is one that the view reads; others do not matter. */
  readonly #concerns: (topic: string) => boolean;
  readonly #waiters = new Set<Waiter>();

  constructor(clock: Clock, concerns: (topic: string) => boolean) {
    this.#clock = clock;
    this.#concerns = concerns;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** Never rejects. */
  wait(reached: Position, wanted: Position, timeoutMs: number): Promise<WaitOutcome> {
    if (isAtOrPast(reached, wanted, this.#concerns)) return Promise.resolve('reached');
    if (this.#waiters.size >= WAITING_MAX) return Promise.resolve('overloaded');
    return new Promise((resolve) => {
      const timer: Timer = this.#clock.setTimer(timeoutMs, () => waiter.settle('timeout'));
      const waiter: Waiter = {
        wanted,
        settle: (outcome) => {
          timer.cancel();
          this.#waiters.delete(waiter);
          resolve(outcome);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  reached(position: Position): void {
    for (const waiter of this.#waiters) {
      if (isAtOrPast(position, waiter.wanted, this.#concerns)) waiter.settle('reached');
    }
  }

  close(): void {
    for (const waiter of this.#waiters) waiter.settle('timeout');
  }
}
