/**
 * One life of one process. What it set up (timers, reads, connections) is its own: when it is killed none of it happens
 * any more, and while it is stopped (SIGSTOP) all of it waits. Holds what has waited.
 */
import type { SimulatedEvent } from './event-heap.js';

export class Incarnation {
  alive = true;
  stopped = false;
  /** What would have happened while it was stopped, in order. */
  readonly waiting: SimulatedEvent[] = [];

  constructor(
    /** The machine, by which faults and traces name it. */
    readonly node: number,
    /** Counts the starts of processes on that machine, from 1. */
    readonly life: number,
  ) {}
}

/** Thrown by a door into the code of a process that was killed in the middle of a call: nothing of it goes on. */
export class KilledError extends Error {
  override readonly name = 'KilledError';
  constructor() {
    super('the process was killed here');
  }
}
