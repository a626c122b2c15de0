/**
 * A clock that is read once per turn of the event loop: a hundred thousand requests a second ask for the time in
 * every one of them, and none needs it to the microsecond. Holds this turn's times; the turn's end makes them stale.
 * While a time is held the loop does not sleep (its end is pending), so a held time is never older than the work of
 * one turn.
 */
import type { Clock, Timer } from '@tidemark/platform';

export class TurnClock implements Clock {
  private heldNow: number | undefined;
  private heldMonotonic: number | undefined;
  private ending = false;
  private readonly endTurn = (): void => {
    this.ending = false;
    this.heldNow = undefined;
    this.heldMonotonic = undefined;
  };

  constructor(private readonly clock: Clock) {}

  now(): number {
    if (this.heldNow === undefined) {
      this.heldNow = this.clock.now();
      this.hold();
    }
    return this.heldNow;
  }

  monotonic(): number {
    if (this.heldMonotonic === undefined) {
      this.heldMonotonic = this.clock.monotonic();
      this.hold();
    }
    return this.heldMonotonic;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return this.clock.setTimer(delayMs, fire);
  }

  defer(fire: () => void): void {
    this.clock.defer(fire);
  }

  private hold(): void {
    if (this.ending) return;
    this.ending = true;
    this.clock.defer(this.endTurn);
  }
}
