/**
 * The clock of one process on virtual time. Its wall clock may be wrong (`skewMs`), its monotonic clock from any
 * beginning; timers die with the process.
 */
import type { Clock, Timer } from '@tidemark/platform';
import type { Incarnation } from './incarnation.js';
import type { World } from './world.js';

/** 2026-01-01: some time that is not 1970. */
const EPOCH_MS = 1_767_225_600_000;
/** A real timer never fires in the turn that set it. */
const TIMER_MIN_MS = 1;

export class VirtualClock implements Clock {
  constructor(
    private readonly world: World,
    private readonly owner: Incarnation,
    private readonly skewMs = 0,
    /** What the monotonic clock counts from. */
    private readonly origin = 0,
  ) {}

  now(): number {
    return Math.floor(EPOCH_MS + this.world.now + this.skewMs);
  }

  monotonic(): number {
    return this.world.now - this.origin;
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
