/**
 * A clock that only moves when a spec says so: timers fire in order of time during `advance`, deferred work runs in
 * `turn`. Holds what is set and not yet fired.
 */
import type { Clock, Timer } from '@tidemark/platform';

interface SetTimer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export class ManualClock implements Clock {
  private time = 0;
  private order = 0;
  private timers: SetTimer[] = [];
  private deferred: (() => void)[] = [];

  now(): number {
    return 1_700_000_000_000 + this.time;
  }

  monotonic(): number {
    return this.time;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.time + delayMs, order: this.order++, fire };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  }

  defer(fire: () => void): void {
    this.deferred.push(fire);
  }

  /** Timers that are set. */
  get pendingTimers(): number {
    return this.timers.length;
  }

  /** Lets time pass while a turn goes on: nothing fires. */
  pass(byMs: number): void {
    this.time += byMs;
  }

  /** Ends one turn of the event loop. */
  turn(): void {
    const deferred = this.deferred;
    this.deferred = [];
    for (const fire of deferred) fire();
  }

  /** Lets time pass; ends a turn after each timer that fires, and one at the end. */
  advance(byMs: number): void {
    const end = this.time + byMs;
    for (;;) {
      this.timers.sort((one, other) => one.at - other.at || one.order - other.order);
      const next = this.timers[0];
      if (next === undefined || next.at > end) break;
      this.timers.shift();
      this.time = Math.max(this.time, next.at);
      next.fire();
      this.turn();
    }
    this.time = end;
    this.turn();
  }
}
