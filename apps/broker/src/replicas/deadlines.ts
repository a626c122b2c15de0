/**
 * Many deadlines on one timer: how long a parked request may wait. A heap by time; cancelled deadlines stay in it
 * until their time comes or until they are the majority. One per broker; times are the clock's monotonic milliseconds.
 */
import type { Clock, Timer } from '@tidemark/platform';

/** Handle of a deadline that has been set. */
export interface Deadline {
  readonly at: number;
  /** Undefined once it fired or was cancelled. */
  fire: (() => void) | undefined;
}

export class Deadlines {
  private heap: Deadline[] = [];
  private cancelled = 0;
  private timer: Timer | undefined;
  private timerAt = Number.POSITIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  /** Deadlines that are still to fire. */
  get size(): number {
    return this.heap.length - this.cancelled;
  }

  set(delayMs: number, fire: () => void): Deadline {
    const deadline: Deadline = { at: this.clock.monotonic() + delayMs, fire };
    this.push(deadline);
    this.arm();
    return deadline;
  }

  cancel(deadline: Deadline): void {
    if (deadline.fire === undefined) return;
    deadline.fire = undefined;
    this.cancelled += 1;
    if (this.cancelled > 64 && this.cancelled * 2 > this.heap.length) this.sweep();
  }

  /** Cancels all; nothing fires any more. */
  close(): void {
    this.timer?.cancel();
    this.heap = [];
    this.cancelled = 0;
  }

  private run(): void {
    this.timerAt = Number.POSITIVE_INFINITY;
    const now = this.clock.monotonic();
    for (let next = this.heap[0]; next !== undefined && next.at <= now; next = this.heap[0]) {
      this.pop();
      const fire = next.fire;
      next.fire = undefined;
      if (fire === undefined) this.cancelled -= 1;
      else fire();
    }
    // Most are cancelled long before their time: nobody is woken for those.
    for (let next = this.heap[0]; next !== undefined && next.fire === undefined; next = this.heap[0]) {
      this.pop();
      this.cancelled -= 1;
    }
    this.arm();
  }

  private arm(): void {
    const next = this.heap[0];
    if (next === undefined || next.at >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = next.at;
    this.timer = this.clock.setTimer(Math.max(0, Math.ceil(next.at - this.clock.monotonic())), () =>
      this.run(),
    );
  }

  private sweep(): void {
    const live = this.heap.filter((deadline) => deadline.fire !== undefined);
    this.heap = [];
    this.cancelled = 0;
    for (const deadline of live.sort((a, b) => a.at - b.at)) this.heap.push(deadline);
  }

  private push(deadline: Deadline): void {
    const heap = this.heap;
    let at = heap.push(deadline) - 1;
    for (;;) {
      const up = (at - 1) >> 1;
      const parent = at === 0 ? undefined : heap[up];
      if (parent === undefined || parent.at <= deadline.at) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = deadline;
  }

  private pop(): void {
    const heap = this.heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child = (heap[left + 1]?.at ?? Infinity) < (heap[left]?.at ?? Infinity) ? left + 1 : left;
      const below = heap[child];
      if (below === undefined || below.at >= last.at) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
