/**
 * A quorum in one process from a seed: the real machine in every member, over disks and a network that lose, delay,
 * reorder, repeat and crash. A run has a time of faults and then a time without, at the end of which it must have a
 * leader and equal logs. Throws `Violation` when a promise is broken. The same seed always does the same.
 */
import { QUORUM_TIMEOUTS } from '../quorum-context.js';
import { QUORUM_RULES, type QuorumRules } from '../quorum-rules.js';
import type { QuorumEvent } from '../quorum-effects.js';
import type { ReplicaKey } from '../replica-key.js';
import { EventQueue } from './event-queue.js';
import { QuorumChecker, Violation } from './quorum-checker.js';
import { Seeded } from './seeded.js';
import { SimulatedMember, type Message, type SimulatedWorld } from './simulated-member.js';

export interface SimulationOptions {
  readonly seed: number;
  readonly size: number;
  readonly rules?: QuorumRules;
  /** Virtual milliseconds with faults. */
  readonly faultsMs?: number;
}

/** What a run came to, for the totals that tell whether the simulation is worth anything. */
export interface SimulationReport {
  readonly committed: number;
  readonly steps: number;
  /** How often each kind of thing happened: elections, truncations, lost leaders. */
  readonly seen: ReadonlyMap<string, number>;
}

const CALM_MS = 2_500;

export class QuorumSimulation implements SimulatedWorld {
  readonly queue = new EventQueue();
  readonly checker = new QuorumChecker();
  readonly voters: readonly ReplicaKey[];
  readonly rules: QuorumRules;
  readonly timeouts = QUORUM_TIMEOUTS;
  readonly members: readonly SimulatedMember[];
  readonly chance: Seeded;
  readonly fetchBatch: number;
  private readonly net: Seeded;
  private readonly nemesis: Seeded;
  private readonly loss: number;
  private readonly repeat: number;
  private readonly delayMs: number;
  private readonly disk: Seeded;
  private readonly slowDiskMs: number;
  private readonly crashAfterVote: number;
  private readonly faultsMs: number;
  private readonly cut = new Set<string>();
  private readonly counts = new Map<string, number>();
  private calm = false;
  private values = 0;
  private steps = 0;

  constructor({ seed, size, rules = QUORUM_RULES, faultsMs = 4_000 }: SimulationOptions) {
    const shape = new Seeded(seed, 'shape');
    this.chance = new Seeded(seed, 'members');
    this.net = new Seeded(seed, 'net');
    this.nemesis = new Seeded(seed, 'nemesis');
    this.disk = new Seeded(seed, 'disk');
    this.rules = rules;
    this.faultsMs = faultsMs;
    this.loss = shape.pick([0, 0.02, 0.1]);
    this.repeat = shape.pick([0, 0.05, 0.2]);
    this.delayMs = shape.pick([2, 20, 60]);
    this.slowDiskMs = shape.pick([1, 5, 80]);
    this.crashAfterVote = shape.pick([0, 0, 0.4]);
    this.fetchBatch = shape.pick([1, 2, 64]);
    this.voters = Array.from({ length: size }, (_, index) => ({
      id: index + 1,
      directoryId: `directory-${index + 1}`,
    }));
    this.members = this.voters.map((key) => new SimulatedMember(key, this));
  }

  run(): SimulationReport {
    for (const member of this.members) member.start();
    this.load();
    this.trouble();
    while (this.queue.runNext(this.faultsMs)) this.steps += 1;
    this.heal();
    while (this.queue.runNext(this.faultsMs + CALM_MS)) this.steps += 1;
    this.checkConverged();
    return { committed: this.checker.committed.length, steps: this.steps, seen: this.counts };
  }

  lateMs(): number {
    return 0;
  }

  diskMs(): number {
    return 0.2 + this.disk.next() * (this.calm ? 1 : this.slowDiskMs);
  }

  /** A voter may crash just after it gave its vote, and be asked again by another when it is back. */
  happened(member: SimulatedMember, event: QuorumEvent): void {
    this.seen(event.kind);
    const gaveVote = event.kind === 'vote' && event.granted && !event.preVote;
    if (!gaveVote || this.calm || !this.nemesis.chance(this.crashAfterVote)) return;
    this.queue.after(this.nemesis.next() * 20, () => this.crash(member, 1 + this.nemesis.next() * 40));
  }

  private seen(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  post(from: number, to: number, message: Message): void {
    if (this.cut.has(`${from}>${to}`)) return;
    if (!this.calm && this.net.chance(this.loss)) return;
    const copies = !this.calm && this.net.chance(this.repeat) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      // A copy may come much later: after what it belongs to is long over.
      const lateMs = copy === 0 ? 0 : this.net.next() * 600;
      this.queue.after(0.2 + this.net.next() * (this.calm ? 1 : this.delayMs) + lateMs, () => {
        this.members[to - 1]?.receive(from, message);
      });
    }
    if (!('request' in message) || this.members[to - 1]?.running === true) return;
    this.queue.after(1, () => this.refuse(from, to, message));
  }

  private refuse(from: number, to: number, { correlation, life }: Message): void {
    const member = this.members[from - 1];
    if (member?.running !== true || member.life !== life) return;
    member.take({ kind: 'request-failed', correlation, from: to, failure: 'refused' });
  }

  private load(): void {
    this.queue.after(5 + this.nemesis.next() * 30, () => {
      for (const member of this.members) {
        this.values += 1;
        member.append(this.values);
      }
      this.load();
    });
  }

  private trouble(): void {
    this.queue.after(50 + this.nemesis.next() * 700, () => {
      if (this.calm) return;
      this.fault(this.nemesis.below(6));
      this.trouble();
    });
  }

  private fault(kind: number): void {
    const leader = this.members.find(({ running, state }) => running && state.role === 'leader');
    const any = this.nemesis.pick(this.members);
    const victim = this.nemesis.chance(0.5) ? (leader ?? any) : any;
    const lastsMs = 20 + this.nemesis.next() * this.nemesis.pick([50, 400, 2_500]);
    if (kind <= 1) this.crash(victim, lastsMs);
    else if (kind === 2) this.isolate(victim, lastsMs, true);
    else if (kind === 3) this.isolate(victim, lastsMs, this.nemesis.chance(0.5));
    else if (kind === 4) this.pause(victim, lastsMs);
    else for (const member of this.members) if (this.nemesis.chance(0.7)) this.crash(member, lastsMs);
  }

  private crash(member: SimulatedMember, lastsMs: number): void {
    if (!member.running) return;
    this.seen('crash');
    member.crash();
    this.queue.after(lastsMs, () => {
      if (!member.running) member.start();
    });
  }

  private pause(member: SimulatedMember, lastsMs: number): void {
    this.seen('pause');
    member.pause();
    this.queue.after(lastsMs, () => member.resume());
  }

  private isolate({ key }: SimulatedMember, lastsMs: number, both: boolean): void {
    this.seen('cut');
    const links: string[] = [];
    for (const { id } of this.voters) {
      if (id === key.id || this.nemesis.chance(0.2)) continue;
      links.push(`${key.id}>${id}`);
      if (both) links.push(`${id}>${key.id}`);
    }
    for (const link of links) this.cut.add(link);
    this.queue.after(lastsMs, () => links.forEach((link) => this.cut.delete(link)));
  }

  private heal(): void {
    this.calm = true;
    this.cut.clear();
    for (const member of this.members) {
      member.resume();
      if (!member.running) member.start();
    }
  }

  private checkConverged(): void {
    const leaders = this.members.filter(({ state }) => state.role === 'leader');
    const latest = leaders.sort((one, other) => other.state.epoch - one.state.epoch)[0];
    if (latest === undefined) throw new Violation('Liveness', 'nobody leads after a time without faults');
    for (const { key, state, log } of this.members) {
      const behind = latest.log.endOffset - log.endOffset;
      const follows =
        state.epoch === latest.state.epoch && (state.role === 'follower' || state.role === 'leader');
      if (!follows || behind > 64 || state.highWatermark < latest.state.epoch) {
        throw new Violation('Liveness', `${key.id} is ${state.role} in ${state.epoch}, ${behind} behind`);
      }
    }
  }
}
