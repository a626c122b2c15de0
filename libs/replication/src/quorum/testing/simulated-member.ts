/**
 * One member of a simulated quorum: the real machine, and a driver that does its effects on a disk and a network that
 * are slow, lose things and crash. Holds what survives a crash (election state, log) and what does not.
 *
 * The disk's contract: a write of the election state is on it when its time is up and is lost whole by a crash before;
 * log entries are on it when a flush that began after them has ended.
 */
import type { QuorumContext, QuorumTimeouts } from '../quorum-context.js';
import type { ElectionState, QuorumEffect, QuorumEvent } from '../quorum-effects.js';
import type { QuorumInput, QuorumTimer } from '../quorum-inputs.js';
import type { FetchRequest, QuorumAnswer, QuorumRequest } from '../quorum-messages.js';
import type { QuorumRules } from '../quorum-rules.js';
import type { QuorumState } from '../quorum-state.js';
import type { ReplicaKey } from '../replica-key.js';
import { initialState } from '../roles/start.js';
import { step } from '../step.js';
import type { EventQueue } from './event-queue.js';
import type { QuorumChecker } from './quorum-checker.js';
import type { Seeded } from './seeded.js';
import { SimulatedLog, type Entry } from './simulated-log.js';

/** `life`: the start of the asker that asks; an answer finds only the one that asked, as on a connection. */
export type Message =
  | { readonly request: QuorumRequest; readonly correlation: number; readonly life: number }
  | {
      readonly answer: QuorumAnswer;
      readonly correlation: number;
      readonly life: number;
      readonly records: readonly Entry[];
    };

/** What all members of one simulated quorum share. */
export interface SimulatedWorld {
  readonly queue: EventQueue;
  readonly checker: QuorumChecker;
  readonly voters: readonly ReplicaKey[];
  readonly rules: QuorumRules;
  readonly timeouts: QuorumTimeouts;
  readonly chance: Seeded;
  /** How much later than it is due a timer fires. */
  readonly lateMs: () => number;
  readonly fetchBatch: number;
  readonly diskMs: () => number;
  readonly members: readonly SimulatedMember[];
  post(from: number, to: number, message: Message): void;
  happened(member: SimulatedMember, event: QuorumEvent): void;
}

interface Asked {
  readonly from: number;
  readonly correlation: number;
  readonly life: number;
  readonly request: QuorumRequest;
}

const LONG_POLL_MS = 500;

export class SimulatedMember {
  readonly log = new SimulatedLog();
  state: QuorumState;
  durable: ElectionState | undefined;
  running = false;
  /** Counts starts: what was under way before a crash comes to nothing. */
  life = 0;
  private pausedInputs: (() => void)[] | undefined;
  private timers = new Map<QuorumTimer, number>();
  private timersSet = 0;
  private handles = 0;
  private asked = new Map<number, Asked>();
  private parked = new Map<number, { readonly epoch: number }>();
  private held: { readonly after: number; readonly run: () => void }[] = [];
  private fetched: readonly Entry[] = [];
  private flushAgain = false;
  /** When the last write of the election state will be on the disk. */
  private persistedAt = 0;

  constructor(
    readonly key: ReplicaKey,
    private readonly world: SimulatedWorld,
  ) {
    this.state = initialState(undefined, 0, { log: this.log, me: key });
  }

  start(): void {
    this.running = true;
    // What recovery finds is forced to disk before anything rests on it.
    this.log.flushedOffset = this.log.endOffset;
    this.state = initialState(this.durable, 0, { log: this.log, me: this.key });
    this.take({ kind: 'started' });
  }

  crash(): void {
    this.running = false;
    this.life += 1;
    this.pausedInputs = undefined;
    this.timers.clear();
    this.asked.clear();
    this.parked.clear();
    this.held = [];
    this.flushAgain = false;
    const unflushed = this.log.endOffset - this.log.flushedOffset;
    this.log.crash(this.world.chance.chance(0.5) ? this.world.chance.below(unflushed + 1) : 0);
  }

  pause(): void {
    this.pausedInputs ??= [];
  }

  resume(): void {
    const inputs = this.pausedInputs ?? [];
    this.pausedInputs = undefined;
    for (const input of inputs) input();
  }

  /** A client's entry, when this member takes itself for the leader. */
  append(value: number): void {
    if (!this.running || this.pausedInputs !== undefined || this.state.role !== 'leader') return;
    this.appended(this.state.epoch, value);
    this.flush();
    this.serveParked();
  }

  receive(from: number, message: Message): void {
    this.later(this.life, () => {
      if ('request' in message) this.receiveRequest(from, message);
      else if (message.life === this.life) this.receiveAnswer(from, message);
    });
  }

  /** Runs it now, or when the pause is over; never in another life. */
  private later(life: number, run: () => void): void {
    if (life !== this.life || !this.running) return;
    if (this.pausedInputs === undefined) run();
    else this.pausedInputs.push(() => this.later(life, run));
  }

  private after(delayMs: number, run: () => void): void {
    const { life } = this;
    this.world.queue.after(delayMs, () => this.later(life, run));
  }

  private receiveRequest(from: number, message: Extract<Message, { request: unknown }>): void {
    this.handles += 1;
    const of = this.handles;
    this.asked.set(of, { from, ...message });
    const { request } = message;
    switch (request.kind) {
      case 'vote': {
        this.take({ kind: 'vote-request', of, request });
        return;
      }
      case 'begin-epoch': {
        this.take({ kind: 'begin-epoch-request', of, request });
        return;
      }
      case 'end-epoch': {
        this.take({ kind: 'end-epoch-request', of, request });
        return;
      }
      case 'fetch': {
        this.take({ kind: 'fetch-request', of, request });
        return;
      }
    }
  }

  private receiveAnswer(
    from: number,
    { answer, correlation, records }: Extract<Message, { answer: unknown }>,
  ): void {
    this.fetched = records;
    switch (answer.kind) {
      case 'vote': {
        this.take({ kind: 'vote-answer', correlation, from, answer });
        return;
      }
      case 'epoch': {
        this.take({ kind: 'epoch-answer', correlation, from, answer });
        return;
      }
      case 'fetch': {
        this.take({ kind: 'fetch-answer', correlation, from, answer });
        return;
      }
    }
  }

  take(input: QuorumInput): void {
    const { rules, voters, queue, timeouts } = this.world;
    const context: QuorumContext = {
      me: this.key,
      voters,
      timeouts,
      log: this.log,
      now: queue.now,
      rules,
    };
    const before = this.state;
    const { state, effects } = step(before, input, context);
    this.state = state;
    for (const effect of effects) this.perform(effect, before);
  }

  private perform(effect: QuorumEffect, before: QuorumState): void {
    const { world } = this;
    switch (effect.effect) {
      case 'persist': {
        this.persist(effect);
        return;
      }
      case 'send': {
        this.hold(effect.after, () => this.sendRequest(effect));
        return;
      }
      case 'answer': {
        this.hold(effect.after, () => this.sendAnswer(effect.of, effect.answer, []));
        return;
      }
      case 'serve-fetch':
        this.parked.set(effect.of, { epoch: effect.epoch });
        this.hold(effect.after, () => this.serve(effect.of, false));
        {
          this.after(LONG_POLL_MS, () => this.serve(effect.of, true));
          return;
        }
      case 'set-timer': {
        this.setTimer(effect);
        return;
      }
      case 'cancel-timers': {
        this.timers.clear();
        return;
      }
      case 'append-epoch-start':
        this.appended(effect.epoch, -effect.epoch);
        return;
      case 'append-fetched':
        for (const { epoch, value } of this.fetched) this.appended(epoch, value);
        return;
      case 'truncate':
        world.checker.truncated(this.key.id, this.log, effect.offset);
        {
          this.log.truncate(effect.offset);
          return;
        }
      case 'flush': {
        this.flush();
        return;
      }
      case 'fetch-snapshot':
        throw new Error('there are no snapshots here');
      case 'high-watermark':
        this.checkWatermark(before.highWatermark);
        {
          this.serveParked();
          return;
        }
      case 'role':
        if (effect.role === 'leader') world.checker.elected(this.key.id, effect.epoch, this.log);
        {
          this.serveParked();
          return;
        }
      case 'fatal':
        throw new Error(effect.reason);
      case 'trace': {
        world.happened(this, effect.event);
        return;
      }
    }
  }

  private checkWatermark(from: number): void {
    const voterLogs = this.world.members.map(({ log }) => log);
    this.world.checker.watermark({ id: this.key.id, state: this.state, log: this.log, voterLogs }, from);
  }

  private persist({ write, election }: Extract<QuorumEffect, { effect: 'persist' }>): void {
    // One after the other: a file that is replaced twice ends as the second.
    this.persistedAt = Math.max(this.persistedAt, this.world.queue.now + this.world.diskMs());
    this.after(this.persistedAt - this.world.queue.now, () => {
      this.world.checker.persisted(this.durable, election);
      this.durable = election;
      this.take({ kind: 'persisted', write });
      this.release();
    });
  }

  private hold(after: number, run: () => void): void {
    if (after <= this.state.persisted) run();
    else this.held.push({ after, run });
  }

  private release(): void {
    const ready = this.held.filter(({ after }) => after <= this.state.persisted);
    this.held = this.held.filter(({ after }) => after > this.state.persisted);
    for (const { run } of ready) run();
  }

  private sendRequest({ to, request, correlation }: Extract<QuorumEffect, { effect: 'send' }>): void {
    const pre = request.kind === 'vote' && request.preVote;
    if (!pre) this.world.checker.released(request.epoch, this.durable);
    this.world.post(this.key.id, to, { request, correlation, life: this.life });
  }

  private sendAnswer(of: number, answer: QuorumAnswer, records: readonly Entry[]): void {
    const asked = this.asked.get(of);
    if (asked === undefined) return;
    this.asked.delete(of);
    this.world.checker.released(answer.epoch, this.durable);
    const { from, correlation, life } = asked;
    this.world.post(this.key.id, from, { answer, correlation, life, records });
  }

  private setTimer({ timer, delayMs, spreadMs }: Extract<QuorumEffect, { effect: 'set-timer' }>): void {
    this.timersSet += 1;
    const set = this.timersSet;
    this.timers.set(timer, set);
    this.after(delayMs + this.world.chance.next() * spreadMs + this.world.lateMs(), () => {
      if (this.timers.get(timer) !== set) return;
      this.timers.delete(timer);
      this.take({ kind: `${timer}-timer` });
    });
  }

  private appended(epoch: number, value: number): void {
    this.world.checker.appended(this.log.endOffset, this.log.append(epoch, value));
  }

  private flush(): void {
    // Word of an earlier flush may come at any moment; it says nothing of what came after it.
    if (this.world.chance.chance(0.3)) {
      this.after(0.1, () => this.take({ kind: 'flushed', offset: this.log.flushedOffset }));
    }
    if (!this.log.beginFlush()) {
      this.flushAgain = true;
      return;
    }
    this.after(this.world.diskMs(), () => {
      this.log.endFlush();
      const again = this.flushAgain;
      this.flushAgain = false;
      this.take({ kind: 'flushed', offset: this.log.flushedOffset });
      if (again) this.flush();
    });
  }

  private serveParked(): void {
    for (const of of [...this.parked.keys()]) this.serve(of, false);
  }

  private serve(of: number, timeIsUp: boolean): void {
    const parked = this.parked.get(of);
    const asked = this.asked.get(of);
    if (parked === undefined || asked === undefined) return;
    const { offset, highWatermark: known } = asked.request as FetchRequest;
    const { state, log } = this;
    const { epoch, highWatermark } = state;
    const leads = state.role === 'leader' && epoch === parked.epoch;
    if (leads && !timeIsUp && offset >= log.endOffset && known >= highWatermark) return;
    if (state.persisted < state.write) {
      this.hold(state.write, () => this.serve(of, timeIsUp));
      return;
    }
    this.parked.delete(of);
    const records = leads ? log.entries.slice(offset, offset + this.world.fetchBatch) : [];
    const leaderId = leads ? this.key.id : undefined;
    const hasRecords = records.length > 0;
    const error = leads ? 'none' : 'not-leader';
    this.sendAnswer(of, { kind: 'fetch', error, epoch, leaderId, highWatermark, hasRecords }, records);
  }
}
