/**
 * One partition's loop: replay -> decide -> append -> read back -> evolve -> release the held reply. A shard holds the
 * folded state of one log partition, the commands that wait for their turn and the decisions whose events have been
 * appended but not yet read back. Whoever owns a partition (the broker's coordinators, a service's partition worker)
 * starts one, submits commands, and stops it when the partition is taken away.
 *
 * What holds: state changes only by events read back, in offset order. Nothing is decided before everything that was
 * in the log when the shard started has been folded. A command waits while a decision of the same key is unsettled.
 * After an append whose fate is unknown nothing is decided until the log has been read to its end again; the state
 * itself needs no repair then, because the append had not touched it. A reply leaves only after its events were folded.
 */
import { assert } from '@tidemark/platform';
import { CommandQueue } from './command-queue.js';
import type { Decider } from './decider.js';
import type { AppendResult, EventLog, LoggedEvent, Subscription } from './event-log.js';

/**
 * Why a command got no answer. `overloaded`, `not-owner`, `refused` and `too-large`: it had no effect.
 * `in-doubt`: its events may be in the log or still get there; sending the same command again must be harmless.
 */
export type ShardFailure = 'overloaded' | 'not-owner' | 'refused' | 'too-large' | 'in-doubt';

/** `position`: the offset after the last event that the answer rests on. */
export type Outcome<Reply, Rejection> =
  | { readonly reply: Reply; readonly position: number }
  | { readonly rejected: Rejection; readonly position: number }
  | { readonly failed: ShardFailure };

export type ShardPhase = 'loading' | 'ready' | 'stopped';

export interface ShardOptions<State, Command, Event, Reply, Rejection> {
  readonly decider: Decider<State, Command, Event, Reply, Rejection>;
  readonly log: EventLog<Event>;
  /** Commands of different keys never depend on each other's events. Left out: one decision at a time. */
  readonly keyOf?: (command: Command) => string;
  /** Puts off the next round of decisions, so that the commands of one tick share an append. Left out: at once. */
  readonly defer?: (run: () => void) => void;
  /** Appends on their way at once; 1 where the log cannot keep several in order. Default 8. */
  readonly appendsInFlightMax?: number;
  /** A round stops taking decisions into its batch at this many events. Default 512. */
  readonly batchEventsMax?: number;
  /** Commands waiting for their decision; more are answered `overloaded`. Default 10,000. */
  readonly queuedMax?: number;
  /** After each folded event. `live` is false for events of the first read to the end: no side effect may follow them. */
  readonly onFolded?: (folded: { event: Event; offset: number; state: State; live: boolean }) => void;
  /** After each lot of events that the log handed over together, before the replies that it releases. */
  readonly onRead?: (read: { state: State; position: number; live: boolean }) => void;
  /** Once, when everything that was in the log at the start has been folded. */
  readonly onReady?: (state: State) => void;
  /** Each time that it begins to decide: after the first read to the end, and after every one that followed. */
  readonly onDeciding?: (state: State) => void;
  /** At most once, and never after `stop`: the log cannot be read or has another owner. The shard has stopped. */
  readonly onStopped?: (error: Error) => void;
}

/** Appends acknowledged but not yet read back, at most; with the queue's limit it bounds what a shard holds. */
const FLIGHTS_MAX = 1024;

interface Waiting<Command, Reply, Rejection> {
  readonly command: Command;
  readonly settle: (outcome: Outcome<Reply, Rejection>) => void;
}

interface Undecided<Command, Reply, Rejection> extends Waiting<Command, Reply, Rejection> {
  readonly key: string;
}

interface Decided<Command, Reply, Rejection> extends Undecided<Command, Reply, Rejection> {
  readonly reply: Reply;
  /** Index of this decision's last event within the append. */
  readonly lastIndex: number;
}

/** One append on its way: acknowledged when `lastOffset` is known, settled when that offset has been folded. */
interface Flight<Command, Reply, Rejection> {
  readonly decisions: Decided<Command, Reply, Rejection>[];
  baseOffset: number | undefined;
}

export class Shard<State, Command, Event, Reply, Rejection> {
  readonly #options: ShardOptions<State, Command, Event, Reply, Rejection>;
  readonly #queue = new CommandQueue<Waiting<Command, Reply, Rejection>>();
  readonly #flights = new Set<Flight<Command, Reply, Rejection>>();
  /** Flights that occupy a place: those not yet acknowledged. */
  #unacknowledged = 0;
  #state: State;
  #position = 0;
  #phase: ShardPhase = 'loading';
  #everReady = false;
  /** Deciding waits until `#position` is here; undefined while the end is being asked for. */
  #target: number | undefined;
  /** Counts the questions for the end: only the answer to the latest counts. */
  #targetsAsked = 0;
  #subscription: Subscription | undefined;
  #roundPending = false;
  #inRound = false;
  #roundAgain = false;

  constructor(options: ShardOptions<State, Command, Event, Reply, Rejection>) {
    this.#options = options;
    this.#state = options.decider.initial();
  }

  get phase(): ShardPhase {
    return this.#phase;
  }

  /** Committed state, for reading only. Whoever needs the whole history in it checks `phase` first. */
  get state(): State {
    return this.#state;
  }

  /** The offset after the last event folded (or passed over). */
  get position(): number {
    return this.#position;
  }

  /** Commands waiting and decisions unsettled, for metrics and draining. */
  get pending(): number {
    let count = this.#queue.size;
    for (const flight of this.#flights) count += flight.decisions.length;
    return count;
  }

  start(): void {
    assert(this.#subscription === undefined && this.#phase === 'loading', 'a shard starts once');
    this.#readToEndAgain();
    const subscription = this.#options.log.subscribe(0, {
      read: (events, nextOffset) => {
        this.#read(events, nextOffset);
      },
      failed: (error) => {
        this.#stopBecause(error);
      },
    });
    this.#subscription = subscription;
    // A log that fails at once has stopped the shard before there was a subscription to close.
    if (this.phase === 'stopped') subscription.close();
  }

  /** Answers everything pending: `not-owner` when undecided, `in-doubt` when appended and not read back. */
  stop(): void {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    this.#subscription?.close();
    const flights = [...this.#flights];
    this.#flights.clear();
    for (const flight of flights) this.#settleAll(flight, { failed: 'in-doubt' });
    for (const waiting of this.#queue.drain()) waiting.settle({ failed: 'not-owner' });
  }

  /**
   * The log has another owner, for now: goes on reading and decides nothing until `reload`. Answers `not-owner` to what
   * is undecided; what was appended is settled by its append.
   */
  resign(): void {
    if (this.#phase === 'stopped') return;
    this.#phase = 'loading';
    this.#target = undefined;
    this.#targetsAsked += 1;
    for (const waiting of this.#queue.takeAll()) waiting.settle({ failed: 'not-owner' });
  }

  /** Becomes the owner (again): decides when everything that is in the log by now has been read. */
  reload(): void {
    if (this.#phase !== 'stopped') this.#readToEndAgain();
  }

  /** `settle` is called exactly once, perhaps before this returns. Accepted while loading: it waits. */
  submit(command: Command, settle: (outcome: Outcome<Reply, Rejection>) => void): void {
    if (this.#phase === 'stopped') {
      settle({ failed: 'not-owner' });
      return;
    }
    if (this.#queue.size >= (this.#options.queuedMax ?? 10_000)) {
      settle({ failed: 'overloaded' });
      return;
    }
    this.#queue.push(this.#options.keyOf?.(command) ?? '', { command, settle });
    this.#requestRound();
  }

  /** `submit` for callers off the hot path. Never rejects. */
  ask(command: Command): Promise<Outcome<Reply, Rejection>> {
    return new Promise((resolve) => {
      this.submit(command, resolve);
    });
  }

  #requestRound(): void {
    if (this.#phase !== 'ready' || this.#roundPending) return;
    this.#roundPending = true;
    const run = (): void => {
      this.#roundPending = false;
      this.#round();
    };
    if (this.#options.defer === undefined) run();
    else this.#options.defer(run);
  }

  /** A log or a caller may come back within a round; that asks for another turn of the loop, not for recursion. */
  #round(): void {
    this.#roundAgain = true;
    if (this.#inRound) return;
    this.#inRound = true;
    while (this.#roundAgain) {
      this.#roundAgain = false;
      this.#decideAndAppend();
    }
    this.#inRound = false;
  }

  /** Until the queue has nothing ready or all places for appends are taken. */
  #decideAndAppend(): void {
    const flightsMax = this.#options.appendsInFlightMax ?? 8;
    while (this.#phase === 'ready' && this.#unacknowledged < flightsMax && this.#flights.size < FLIGHTS_MAX) {
      const { events, decisions } = this.#decideBatch();
      if (events.length === 0) return;
      const flight: Flight<Command, Reply, Rejection> = { decisions, baseOffset: undefined };
      this.#flights.add(flight);
      this.#unacknowledged += 1;
      let settled = false;
      this.#options.log.append(events, (result) => {
        assert(!settled, 'an append settles once');
        settled = true;
        this.#appended(flight, result);
      });
    }
  }

  #decideBatch(): { events: Event[]; decisions: Decided<Command, Reply, Rejection>[] } {
    const events: Event[] = [];
    const decisions: Decided<Command, Reply, Rejection>[] = [];
    const eventsMax = this.#options.batchEventsMax ?? 512;
    while (events.length < eventsMax && this.#phase === 'ready') {
      const taken = this.#queue.take();
      if (taken === undefined) break;
      const { command, settle } = taken.item;
      const decision = this.#options.decider.decide(this.#state, command);
      if ('rejected' in decision) {
        settle({ rejected: decision.rejected, position: this.#position });
      } else if (decision.events.length === 0) {
        settle({ reply: decision.reply, position: this.#position });
      } else {
        this.#queue.hold(taken.key);
        for (const event of decision.events) events.push(event);
        decisions.push({
          key: taken.key,
          command,
          settle,
          reply: decision.reply,
          lastIndex: events.length - 1,
        });
      }
    }
    return { events, decisions };
  }

  #appended(flight: Flight<Command, Reply, Rejection>, result: AppendResult): void {
    // A flight that `stop` has answered is not in the set any more; its late result changes nothing.
    if (!this.#flights.has(flight)) return;
    this.#unacknowledged -= 1;
    if ('failed' in result) {
      this.#flights.delete(flight);
      if (result.failed === 'in-doubt') this.#readToEndAgain();
      this.#settleAll(flight, { failed: result.failed === 'fenced' ? 'not-owner' : result.failed });
      if (result.failed === 'fenced')
        this.#stopBecause(result.error ?? new Error('the partition has another owner'));
    } else {
      flight.baseOffset = result.baseOffset;
      this.#releaseFolded();
    }
    this.#requestRound();
  }

  #read(events: readonly LoggedEvent<Event>[], nextOffset: number): void {
    if (this.#phase === 'stopped') return;
    const { decider, onFolded } = this.#options;
    let least = this.#position;
    for (const { event, offset } of events) {
      assert(offset >= least, 'events are read in offset order, each once');
      least = offset;
      this.#state = decider.evolve(this.#state, event, offset);
      this.#position = offset + 1;
      onFolded?.({ event, offset, state: this.#state, live: this.#everReady });
    }
    this.#position = Math.max(this.#position, nextOffset);
    this.#options.onRead?.({ state: this.#state, position: this.#position, live: this.#everReady });
    this.#releaseFolded();
    this.#maybeBecomeReady();
    this.#requestRound();
  }

  /** Answers the decisions whose last event has been folded; flights may be read back before they are acknowledged. */
  #releaseFolded(): void {
    for (const flight of this.#flights) {
      if (flight.baseOffset === undefined) continue;
      for (let decided = flight.decisions[0]; decided !== undefined; decided = flight.decisions[0]) {
        const lastOffset = flight.baseOffset + decided.lastIndex;
        if (lastOffset >= this.#position) break;
        flight.decisions.shift();
        this.#queue.release(decided.key);
        const conclude = this.#options.decider.conclude?.bind(this.#options.decider);
        const reply = conclude?.(this.#state, decided.command, decided.reply) ?? decided.reply;
        decided.settle({ reply, position: lastOffset + 1 });
      }
      if (flight.decisions.length === 0) this.#flights.delete(flight);
    }
  }

  #settleAll(flight: Flight<Command, Reply, Rejection>, outcome: { readonly failed: ShardFailure }): void {
    for (const decided of flight.decisions.splice(0)) {
      if (this.#phase !== 'stopped') this.#queue.release(decided.key);
      decided.settle(outcome);
    }
  }

  #readToEndAgain(): void {
    this.#phase = 'loading';
    this.#target = undefined;
    this.#targetsAsked += 1;
    const asked = this.#targetsAsked;
    this.#options.log.end().then(
      (end) => {
        if (asked !== this.#targetsAsked || this.#phase === 'stopped') return;
        this.#target = end;
        this.#maybeBecomeReady();
        this.#requestRound();
      },
      (error: unknown) => {
        if (asked === this.#targetsAsked)
          this.#stopBecause(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  #maybeBecomeReady(): void {
    if (this.#phase !== 'loading' || this.#target === undefined || this.#position < this.#target) return;
    this.#phase = 'ready';
    if (!this.#everReady) {
      this.#everReady = true;
      this.#options.onReady?.(this.#state);
    }
    this.#options.onDeciding?.(this.#state);
  }

  #stopBecause(error: Error): void {
    if (this.#phase === 'stopped') return;
    this.stop();
    this.#options.onStopped?.(error);
  }
}
