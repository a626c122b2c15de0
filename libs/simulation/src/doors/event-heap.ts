/**
 * What is to happen, soonest first; what happens at the same instant, in the order in which it was asked for. A binary
 * heap in one array. Holds cancelled events too until their time comes: they are skipped then.
 */
import type { Incarnation } from './incarnation.js';

export interface SimulatedEvent {
  readonly at: number;
  readonly order: number;
  /** Whose turn it is; nothing happens to a process that is gone. */
  readonly owner: Incarnation | undefined;
  fire: (() => void) | undefined;
}

const before = (one: SimulatedEvent | undefined, other: SimulatedEvent): boolean =>
  one !== undefined && (one.at < other.at || (one.at === other.at && one.order < other.order));

export class EventHeap {
  private readonly events: SimulatedEvent[] = [];

  get size(): number {
    return this.events.length;
  }

  peek(): SimulatedEvent | undefined {
    return this.events[0];
  }

  push(event: SimulatedEvent): void {
    const { events } = this;
    let index = events.length;
    events.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = events[parent];
      if (above === undefined || !before(event, above)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  pop(): SimulatedEvent | undefined {
    const { events } = this;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      let sooner = events[left];
      if (sooner === undefined) break;
      const right = events[left + 1];
      const onRight = right !== undefined && before(right, sooner);
      if (onRight) sooner = right;
      if (!before(sooner, last)) break;
      events[index] = sooner;
      index = onRight ? left + 1 : left;
    }
    events[index] = last;
    return first;
  }
}
