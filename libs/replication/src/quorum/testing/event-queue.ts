/**
 * Virtual time: things that will happen, in order of time and, at the same time, of their arrival. A binary heap.
 */

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class EventQueue {
  private readonly heap: Event[] = [];
  private arrivals = 0;
  now = 0;

  after(delayMs: number, run: () => void): void {
    this.arrivals += 1;
    const event = { at: this.now + delayMs, order: this.arrivals, run };
    this.heap.push(event);
    let index = this.heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.before(index, parent)) break;
      this.swap(index, parent);
      index = parent;
    }
  }

  /** Runs what comes next; false when nothing is left before `untilMs`. */
  runNext(untilMs: number): boolean {
    const [first] = this.heap;
    if (first === undefined || first.at > untilMs) {
      this.now = Math.max(this.now, untilMs);
      return false;
    }
    const last = this.heap.pop();
    if (this.heap.length > 0 && last !== undefined) {
      this.heap[0] = last;
      this.sink();
    }
    this.now = first.at;
    first.run();
    return true;
  }

  private sink(): void {
    let index = 0;
    for (;;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.heap.length && this.before(child, least)) least = child;
      }
      if (least === index) return;
      this.swap(index, least);
      index = least;
    }
  }

  private before(one: number, other: number): boolean {
    const [a, b] = [this.heap[one], this.heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  private swap(one: number, other: number): void {
    const [a, b] = [this.heap[one], this.heap[other]];
    if (a === undefined || b === undefined) return;
    this.heap[one] = b;
    this.heap[other] = a;
  }
}
