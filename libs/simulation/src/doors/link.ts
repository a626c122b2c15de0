/**
 * What lies between two hosts in one direction: how long bytes take, and whether they arrive. Holds what faults have
 * made of it. A blocked link loses nothing (TCP sends again): what is on it arrives after it is unblocked.
 */
import type { SeededRandom } from './seeded-random.js';

export class Link {
  /** Faults that block it at the moment. */
  blocks = 0;
  /** Added to every delay, milliseconds. */
  clogMs = 0;
  /** Connections whose next bytes wait for the link. */
  readonly waiting = new Set<() => void>();

  constructor(private readonly random: SeededRandom) {}

  get open(): boolean {
    return this.blocks === 0;
  }

  delayMs(): number {
    const usual = 0.05 + this.random.below(512) / 1024;
    return usual + this.clogMs + (this.random.chance(0.02) ? this.random.below(8) : 0);
  }

  unblock(): void {
    this.blocks -= 1;
    if (this.blocks > 0) return;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const arrive of waiting) arrive();
  }
}
