/**
 * One leadership of one partition: how far each follower is, who is in sync, what is committed, and which change of the
 * in-sync set to propose. Pure: told of fetches, metadata, answers and time, it answers offsets and proposals; the broker
 * (`apps/broker/src/replicas/leader-role.ts`) does the rest. Made for each leader epoch and thrown away with it.
 *
 * What must hold: the high watermark never goes back, and never beyond what every member of any in-sync set that the
 * controller may have committed holds (quorum: a majority); not at all while too few are in sync; in quorum topics not
 * before an entry of this very epoch is on a majority (Raft's figure 8).
 */
import { FollowerProgress } from './follower-progress.js';
import { committedByIsr, committedByMajorities } from './high-watermark.js';
import { hearsMajority } from './majority-contact.js';
import { REPLICATION_RULES, type ReplicationRules } from './replication-rules.js';
import { maximalIsr, nextIsrState, type IsrEvent, type IsrState } from './isr-state.js';

export interface LeadershipOptions {
  readonly localId: number;
  readonly protocol: 'primary-backup' | 'quorum';
  /** The log's end when the epoch began: where its first record is or will be. */
  readonly epochStart: number;
  readonly minInsyncReplicas: number;
  /** A follower in the in-sync set that was not level with the leader for longer is to leave it. */
  readonly lagTimeMaxMs: number;
  /** Quorum: a follower that was not heard for longer is not counted on for what is yet to be appended. */
  readonly silenceMaxMs: number;
  readonly nowMs: number;
  /** Others than `REPLICATION_RULES` in simulations that test their checkers. */
  readonly rules?: ReplicationRules | undefined;
}

/** What the metadata says of the partition. */
export interface PartitionFacts {
  readonly replicas: readonly number[];
  /** Quorum: the eligible ones. */
  readonly isr: readonly number[];
  readonly partitionEpoch: number;
  /** Each must have a majority (quorum): the replicas, or the old and the new ones while they change. */
  readonly sets: readonly (readonly number[])[];
}

export interface ProposedMember {
  readonly brokerId: number;
  /** -1: the leader's own, or one that has not fetched from this leader yet. */
  readonly brokerEpoch: number;
}

export interface ProposedIsr {
  readonly partitionEpoch: number;
  readonly newIsr: readonly ProposedMember[];
}

export class LeaderState {
  minInsyncReplicas: number;
  private readonly localId: number;
  private readonly rules: ReplicationRules;
  private followers: FollowerProgress[] = [];
  private facts: PartitionFacts;
  private isrState: IsrState;
  /** Quorum: the outcome of the last `checkMajority`. */
  private hasMajority = true;
  /** Reused for every question about the watermark. */
  private readonly leader: { id: number; end: number; eligible: boolean };
  private readonly lag: { nowMs: number; timeMaxMs: number };

  constructor(
    private readonly options: LeadershipOptions,
    facts: PartitionFacts,
  ) {
    this.localId = options.localId;
    this.rules = options.rules ?? REPLICATION_RULES;
    this.minInsyncReplicas = options.minInsyncReplicas;
    this.leader = { id: this.localId, end: 0, eligible: false };
    this.lag = { nowMs: options.nowMs, timeMaxMs: options.lagTimeMaxMs };
    this.facts = facts;
    this.isrState = { kind: 'committed', isr: facts.isr, partitionEpoch: facts.partitionEpoch };
    this.rebuild(options.nowMs);
  }

  get isr(): readonly number[] {
    return this.isrState.isr;
  }

  get maximalIsr(): readonly number[] {
    return maximalIsr(this.isrState);
  }

  /** A change is under way; there is no other meanwhile. */
  get isPending(): boolean {
    return this.isrState.kind !== 'committed';
  }

  /**
   * Enough replicas are there to acknowledge acks=all. Primary-backup: as many in sync as asked for; a topic with fewer
   * replicas needs them all. Quorum: a majority is heard, whatever `min.insync.replicas` says.
   */
  get hasEnoughInSync(): boolean {
    if (this.options.protocol === 'quorum') return this.hasMajority;
    return this.isr.length >= Math.min(this.minInsyncReplicas, this.facts.replicas.length);
  }

  follower(brokerId: number): FollowerProgress | undefined {
    return this.followers.find((follower) => follower.brokerId === brokerId);
  }

  allFollowers(): readonly FollowerProgress[] {
    return this.followers;
  }

  /** The metadata has changed: replicas, in-sync set, partition epoch. */
  follow(facts: PartitionFacts, nowMs: number): void {
    this.facts = facts;
    this.isrState = nextIsrState(this.isrState, { type: 'committed', ...facts });
    this.rebuild(nowMs);
  }

  /** The epoch that a follower's broker is registered with; -1 while it may not join (fenced, shutting down, gone). */
  register(brokerId: number, registeredEpoch: number): void {
    const follower = this.follower(brokerId);
    if (follower !== undefined) follower.registeredEpoch = registeredEpoch;
  }

  /** Quorum: looks who was heard lately; true when that changes `hasEnoughInSync`. */
  checkMajority(nowMs: number): boolean {
    if (this.options.protocol !== 'quorum') return false;
    const before = this.hasMajority;
    const sinceMs = nowMs - this.options.silenceMaxMs;
    this.hasMajority = hearsMajority(this.leader, this.followers, this.facts.sets, sinceMs);
    return this.hasMajority !== before;
  }

  /**
   * How far the high watermark may go: `current` or beyond. `ownEnd` is what this log counts for (written; in quorum
   * topics flushed).
   */
  highWatermark(current: number, ownEnd: number, nowMs: number): number {
    this.leader.end = ownEnd;
    if (this.options.protocol === 'quorum') {
      const committed = committedByMajorities(this.leader, this.followers, this.facts.sets);
      const mayCommit = this.rules.mayCommit(committed, this.options.epochStart);
      return mayCommit ? Math.max(current, committed) : current;
    }
    if (!this.rules.mayAdvance(this.hasEnoughInSync)) return current;
    this.lag.nowMs = nowMs;
    return Math.max(current, committedByIsr(this.leader, this.followers, this.lag, this.rules));
  }

  /** A change of the in-sync set that is due; from then on it is pending. */
  propose(highWatermark: number, ownEnd: number, nowMs: number): ProposedIsr | undefined {
    if (this.isPending) return undefined;
    const lost = this.followers.filter((follower) => this.mustLeave(follower, highWatermark, ownEnd, nowMs));
    const joining = this.followers.filter((follower) => this.mayJoin(follower, highWatermark));
    if (lost.length === 0 && joining.length === 0) return undefined;
    const newIsr =
      lost.length > 0
        ? this.isr.filter((id) => !lost.some(({ brokerId }) => brokerId === id))
        : [...this.isr, ...joining.map(({ brokerId }) => brokerId)];
    return this.ask({ type: 'propose', newIsr });
  }

  /** Whether a fetch may have made a change due; cheap, for every fetch asks it. */
  hasNews(follower: FollowerProgress, highWatermark: number): boolean {
    if (this.isPending) return false;
    return this.mayJoin(follower, highWatermark) || this.hasLostData(follower, highWatermark);
  }

  /** The pending change once more, when its outcome is not known and nobody is being asked. */
  proposeAgain(): ProposedIsr | undefined {
    const state = this.isrState;
    if (state.kind === 'committed' || state.asking) return undefined;
    return this.ask({ type: 'ask-again' });
  }

  /** What became of the proposal. */
  answered(event: Extract<IsrEvent, { type: 'accepted' | 'refused' | 'unknown' }>): void {
    this.isrState = nextIsrState(this.isrState, event);
    this.mark();
  }

  private ask(event: IsrEvent): ProposedIsr {
    this.isrState = nextIsrState(this.isrState, event);
    this.mark();
    const { partitionEpoch } = this.isrState;
    const newIsr = this.isrState.kind === 'committed' ? this.isr : this.isrState.newIsr;
    return {
      partitionEpoch,
      newIsr: newIsr.map((brokerId) => ({ brokerId, brokerEpoch: this.epochOf(brokerId) })),
    };
  }

  private epochOf(brokerId: number): number {
    return this.follower(brokerId)?.brokerEpoch ?? -1;
  }

  private mustLeave(
    follower: FollowerProgress,
    highWatermark: number,
    ownEnd: number,
    nowMs: number,
  ): boolean {
    if (!follower.inSync || this.options.protocol === 'quorum') return false;
    if (this.hasLostData(follower, highWatermark)) return true;
    return !follower.caughtUp(ownEnd, nowMs, this.options.lagTimeMaxMs);
  }

  /** The watermark waited for every member, so one that is below it had more once: its disk has lost it. */
  private hasLostData(follower: FollowerProgress, highWatermark: number): boolean {
    if (this.options.protocol === 'quorum' || !follower.inSync) return false;
    return follower.fetchOffset !== -1 && this.rules.hasLost(follower.fetchOffset, highWatermark);
  }

  private mayJoin(follower: FollowerProgress, highWatermark: number): boolean {
    const { fetchOffset } = follower;
    if (follower.inSync || !follower.admissible) return false;
    return this.rules.mayJoin(fetchOffset, highWatermark, this.options.epochStart);
  }

  private rebuild(nowMs: number): void {
    const known = this.followers;
    this.followers = this.facts.replicas
      .filter((id) => id !== this.localId)
      .map((id) => {
        const before = known.find(({ brokerId }) => brokerId === id);
        // Who is in sync is given the time to show it; who is not has to.
        const since = this.isr.includes(id) ? nowMs : Number.NEGATIVE_INFINITY;
        return before ?? new FollowerProgress(id, since, nowMs);
      });
    this.mark();
  }

  private mark(): void {
    const { isr, maximalIsr: maximal } = this;
    this.leader.eligible = isr.includes(this.localId);
    for (const follower of this.followers) {
      follower.inSync = isr.includes(follower.brokerId);
      follower.inMaximal = maximal.includes(follower.brokerId);
    }
  }
}
