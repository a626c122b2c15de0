/**
 * How long a quorum is without a leader when its leader is killed, over and over, on a machine with too much to do: every
 * timer fires late, every message is handled late and every write takes long, each by up to `lateMs`, at random from a
 * seed. What timeouts are chosen by; the safety of the same machine is `quorum-simulation.ts`.
 */
import { QUORUM_TIMEOUTS, type QuorumTimeouts } from '../quorum-context.js';
import type { QuorumEvent } from '../quorum-effects.js';
import { QUORUM_RULES } from '../quorum-rules.js';
import type { ReplicaKey } from '../replica-key.js';
import { EventQueue } from './event-queue.js';
import { QuorumChecker } from './quorum-checker.js';
import { Seeded } from './seeded.js';
import { SimulatedMember, type Message, type SimulatedWorld } from './simulated-member.js';

export interface ElectionTimesOptions {
  readonly seed: number;
  readonly size: number;
  readonly lateMs: number;
  readonly kills: number;
  readonly timeouts?: Partial<QuorumTimeouts>;
}

export interface ElectionTimesReport {
  /** From each kill to the next leader, milliseconds, ascending. */
  readonly times: readonly number[];
  /** Kills after which the epoch was raised more than once: votes were split, or came too late. */
  readonly repeated: number;
}

const CALM_MS = 400;
const PATIENCE_MS = 20_000;

export class ElectionTimes implements SimulatedWorld {
  readonly queue = new EventQueue();
  readonly checker = new QuorumChecker();
  readonly rules = QUORUM_RULES;
  readonly fetchBatch = 64;
  readonly voters: readonly ReplicaKey[];
  readonly members: readonly SimulatedMember[];
  readonly chance: Seeded;
  readonly timeouts: QuorumTimeouts;
  private readonly load: Seeded;
  private raised = 0;

  constructor(private readonly options: ElectionTimesOptions) {
    this.timeouts = { ...QUORUM_TIMEOUTS, ...options.timeouts };
    this.chance = new Seeded(options.seed, 'members');
    this.load = new Seeded(options.seed, 'load');
    this.voters = Array.from({ length: options.size }, (_, index) => {
      return { id: index + 1, directoryId: `directory-${index + 1}` };
    });
    this.members = this.voters.map((key) => new SimulatedMember(key, this));
  }

  run(): ElectionTimesReport {
    for (const member of this.members) member.start();
    const times: number[] = [];
    let repeated = 0;
    for (let kill = 0; kill < this.options.kills; kill += 1) {
      this.untilLed(0);
      this.pass(CALM_MS);
      const leader = this.leader();
      if (leader === undefined) continue;
      this.raised = 0;
      const { epoch } = leader.state;
      const killedAt = this.queue.now;
      leader.crash();
      for (const { id } of this.voters) if (id !== leader.key.id) this.refused(id, leader.key.id);
      this.untilLed(epoch + 1);
      times.push(this.queue.now - killedAt);
      if (this.raised > 1) repeated += 1;
      leader.start();
    }
    return { times: times.sort((one, other) => one - other), repeated };
  }

  lateMs(): number {
    return this.load.next() * this.options.lateMs;
  }

  diskMs(): number {
    return 0.5 + this.lateMs();
  }

  happened(_member: SimulatedMember, event: QuorumEvent): void {
    if (event.kind === 'election') this.raised += 1;
  }

  post(from: number, to: number, message: Message): void {
    this.queue.after(0.2 + this.lateMs(), () => {
      const target = this.members[to - 1];
      if (target?.running === true) target.receive(from, message);
      else if ('request' in message) this.fail(from, to, message.correlation);
    });
  }

  /** The kernel closes the connections of who is killed; the question that was under way is asked again, and refused. */
  private refused(from: number, to: number): void {
    this.queue.after(0.2 + this.lateMs(), () => {
      const { state } = this.members[from - 1] ?? {};
      if (state?.role === 'follower' && state.leaderId === to) this.fail(from, to, state.fetching ?? -1);
    });
  }

  private fail(from: number, to: number, correlation: number): void {
    const member = this.members[from - 1];
    if (member?.running === true) {
      member.take({ kind: 'request-failed', correlation, from: to, failure: 'refused' });
    }
  }

  private leader(): SimulatedMember | undefined {
    return this.members
      .filter(({ running, state }) => running && state.role === 'leader')
      .sort((one, other) => other.state.epoch - one.state.epoch)[0];
  }

  private untilLed(epoch: number): void {
    const end = this.queue.now + PATIENCE_MS;
    while ((this.leader()?.state.epoch ?? -1) < epoch && this.queue.now < end) this.queue.runNext(end);
  }

  private pass(byMs: number): void {
    const end = this.queue.now + byMs;
    while (this.queue.runNext(end));
  }
}
