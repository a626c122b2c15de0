/**
 * The clock of one process on virtual time. Its wall clock may be wrong (`skewMs`), its monotonic clock counts from the
 * process's own start; timers die with the process.
 */
import type { Clock, Timer } from '@tidemark/platform';
import type { Incarnation } from './incarnation.js';
import type { World } from './world.js';

/** 2026-01-01: some time that is not 1970. */
const EPOCH_MS = 1_767_225_600_000;
/** A real timer never fires in the turn that set it. */
const TIMER_MIN_MS = 1;

export class VirtualClock implements Clock {
  private readonly startedAt: number;

  constructor(
    private readonly world: World,
    private readonly owner: Incarnation,
    private readonly skewMs = 0,
  ) {
    this.startedAt = world.now - 1_000;
  }

  now(): number {
    return Math.floor(EPOCH_MS + this.world.now + this.skewMs);
  }

  monotonic(): number {
    return this.world.now - this.startedAt;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const event = this.world.schedule(Math.max(TIMER_MIN_MS, delayMs), this.owner, fire);
    return {
      cancel: () => {
        event.fire = undefined;
      },
    };
  }

  defer(fire: () => void): void {
    this.world.defer(this.owner, fire);
  }
}
