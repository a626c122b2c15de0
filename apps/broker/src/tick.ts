/**
 * One turn of the event loop, ended in order: what was appended in it is written (one write per log), what that
 * committed is released, and last each connection's answers are sent in one piece. Holds the tasks of this turn;
 * replicas and connections put themselves in. Whatever moves a high watermark goes through here, so that a forgotten
 * wake-up cannot happen.
 */
import type { Clock } from '@tidemark/platform';

/** Something with work at the end of the turn. It is run once however often it was scheduled. */
export interface TickTask {
  /** Set and cleared by `Tick`; false at the start. */
  scheduled: boolean;
  runTick(): void;
}

/** Released requests may schedule more work at once; after so many rounds the sockets get their turn first. */
const ROUNDS_MAX = 4;

class Phase {
  private tasks: TickTask[] = [];
  private spare: TickTask[] = [];

  get empty(): boolean {
    return this.tasks.length === 0;
  }

  add(task: TickTask): boolean {
    if (task.scheduled) return false;
    task.scheduled = true;
    this.tasks.push(task);
    return true;
  }

  /** Runs what was there at the call; what is added meanwhile waits for the next. */
  runAll(): void {
    const tasks = this.tasks;
    this.tasks = this.spare;
    for (const task of tasks) {
      task.scheduled = false;
      task.runTick();
    }
    tasks.length = 0;
    this.spare = tasks;
  }
}

export class Tick {
  private readonly writes = new Phase();
  private readonly sends = new Phase();
  private deferred = false;

  constructor(private readonly clock: Clock) {}

  /** First phase: a log with staged bytes, or whatever else releases waiters. */
  scheduleWrite(task: TickTask): void {
    if (this.writes.add(task)) this.defer();
  }

  /** Second phase: a connection with answers to send. */
  scheduleSend(task: TickTask): void {
    if (this.sends.add(task)) this.defer();
  }

  /** Ends the turn now; shutdown and specs call it, otherwise the clock does. */
  run(): void {
    this.deferred = true;
    for (let round = 0; round < ROUNDS_MAX && !(this.writes.empty && this.sends.empty); round++) {
      this.writes.runAll();
      this.sends.runAll();
    }
    this.deferred = false;
    if (!(this.writes.empty && this.sends.empty)) this.defer();
  }

  private defer(): void {
    if (this.deferred) return;
    this.deferred = true;
    this.clock.defer(() => this.run());
  }
}
