/**
 * Virtual time and the one loop that moves it: takes the next event, lets it and every promise that it settles run to
 * their end, then what the event put off to the end of the turn, then asks the watcher to look. Holds the heap of
 * events and the time. Nothing else in a simulation waits for anything.
 *
 * What must hold: one event at a time, and microtasks are all run before the next, so that a seed decides everything.
 * That boundary is a macrotask of the real process, which comes in from outside (`Turns`).
 */
import { EventHeap, type SimulatedEvent } from './event-heap.js';
import { KilledError, type Incarnation } from './incarnation.js';
import { mix } from './seeded-random.js';

/** Runs `next` when all microtasks are done: the real clock's `defer`. */
export type Turns = (next: () => void) => void;

export interface Watcher {
  /** After each event and all that followed from it at once; `owner` is whose turn it was. Throws what is wrong. */
  afterStep(owner: Incarnation | undefined): void;
}

/** An exception left the code of a process: in the real world it would have crashed. */
export class CrashedError extends Error {
  override readonly name = 'CrashedError';
  constructor(
    readonly node: number,
    override readonly cause: unknown,
  ) {
    super(
      `broker ${node} crashed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
    );
  }
}

/** Macrotasks asked for together: the process goes around its event loop once for all of them. */
const TURNS_AT_ONCE = 64;

export class World {
  /** Milliseconds since the beginning of the simulation. */
  now = 0;
  /** Events that happened. */
  steps = 0;
  /** Differs when anything happened at another time, elsewhere or in another order. */
  traceHash = 0;
  watcher: Watcher | undefined;
  /** Called after each step too, when all is found in order. */
  readonly lookers = new Set<() => void>();
  /** Whose turn it was last. */
  lastNode = 0;
  /** Set by whoever notices that the run is over for a reason of its own. */
  failure: Error | undefined;
  private readonly heap = new EventHeap();
  private order = 0;
  private deferred: (() => void)[] = [];
  private spare: (() => void)[] = [];
  private turnOwner: Incarnation | undefined;
  private inTurn = false;

  constructor(private readonly turns: Turns) {}

  schedule(delayMs: number, owner: Incarnation | undefined, fire: () => void): SimulatedEvent {
    const event: SimulatedEvent = { at: this.now + Math.max(0, delayMs), order: this.order++, owner, fire };
    this.heap.push(event);
    return event;
  }

  /** At the end of this turn. */
  defer(owner: Incarnation, fire: () => void): void {
    if (owner === this.turnOwner) this.deferred.push(fire);
    else this.schedule(0, owner, fire);
  }

  /** What was put off while the process was stopped happens now, in order. */
  resume(owner: Incarnation): void {
    owner.stopped = false;
    for (const { fire } of owner.waiting.splice(0)) if (fire !== undefined) this.schedule(0, owner, fire);
  }

  /** Adds to the trace what tells one run from another. */
  note(value: number): void {
    this.traceHash = mix(Math.imul(this.traceHash, 31) ^ value);
  }

  /** Lets time pass until `until` answers true or `deadline` is reached; answers which. Rejects with what went wrong. */
  run(deadline: number, until?: () => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let over = false;
      let left = 0;
      const turn = (): void => {
        if (over) return;
        left -= 1;
        try {
          const outcome = this.turn(deadline, until);
          if (outcome !== undefined) {
            over = true;
            resolve(outcome);
          } else if (left === 0) ask();
        } catch (error) {
          over = true;
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const ask = (): void => {
        left = TURNS_AT_ONCE;
        for (let index = 0; index < TURNS_AT_ONCE; index += 1) this.turns(turn);
      };
      ask();
    });
  }

  /** The next event, or what the last one put off to its end; answers when the run is over. */
  private turn(deadline: number, until: (() => boolean) | undefined): boolean | undefined {
    if (this.deferred.length > 0) {
      this.runDeferred();
      return undefined;
    }
    if (this.inTurn) {
      this.inTurn = false;
      this.watcher?.afterStep(this.turnOwner);
      if (this.lookers.size > 0) for (const look of [...this.lookers]) look();
      this.turnOwner = undefined;
    }
    if (this.failure !== undefined) throw this.failure;
    if (until?.() === true) return true;
    if (!this.fireNext(deadline)) return false;
    this.inTurn = true;
    return undefined;
  }

  private fireNext(deadline: number): boolean {
    for (;;) {
      const event = this.heap.peek();
      if (event === undefined || event.at > deadline) {
        this.now = Math.max(this.now, deadline);
        return false;
      }
      this.heap.pop();
      const { owner, fire } = event;
      if (fire === undefined || owner?.alive === false) continue;
      if (owner?.stopped === true) {
        owner.waiting.push(event);
        continue;
      }
      this.now = Math.max(this.now, event.at);
      this.steps += 1;
      this.note((event.at * 1024) | 0);
      this.note(event.order ^ ((owner?.node ?? 0) << 24));
      this.turnOwner = owner;
      this.lastNode = owner?.node ?? 0;
      this.enter(owner, fire);
      return true;
    }
  }

  private runDeferred(): void {
    const { deferred } = this;
    this.deferred = this.spare;
    for (const fire of deferred) if (this.turnOwner?.alive !== false) this.enter(this.turnOwner, fire);
    deferred.length = 0;
    this.spare = deferred;
  }

  private enter(owner: Incarnation | undefined, fire: () => void): void {
    try {
      fire();
    } catch (error) {
      if (error instanceof KilledError) return;
      if (owner === undefined || owner.node < 1) throw error;
      throw new CrashedError(owner.node, error);
    }
  }
}
