/**
 * What a leader knows of one follower: how far it has fetched, as which incarnation of its broker, and when it was last
 * level with the leader's log. Belongs to one leadership of one partition (`leader-state.ts`) and begins anew with the
 * next. A fetch offset is an acknowledgement: the follower has everything below it, in quorum topics on disk.
 *
 * Source: Kafka's `Replica` and `ReplicaState`.
 */

/** Not fetched yet in this leader epoch. */
const UNKNOWN = -1;

export class FollowerProgress {
  /** That it fetched with; -1 before its first fetch. */
  brokerEpoch = UNKNOWN;
  fetchOffset = UNKNOWN;
  lastFetchMs = Number.NEGATIVE_INFINITY;
  /**
   * When its broker last asked for anything, this partition or not, or when it became a follower. A place that does not
   * change is not asked for again, so that `lastFetchMs` alone says nothing of a partition at rest.
   */
  lastHeardMs: number;
  /** When it last had all that the leader had at that time; monotonic milliseconds. */
  lastCaughtUpMs: number;
  /** In the committed in-sync set (quorum: eligible). */
  inSync = false;
  /** In the committed in-sync set or in a pending larger one. */
  inMaximal = false;
  /** The epoch that its broker is registered with, while that may join an in-sync set; else -1. */
  registeredEpoch = UNKNOWN;
  private leaderEndAtFetch = 0;

  constructor(
    readonly brokerId: number,
    lastCaughtUpMs: number,
    nowMs = Number.NEGATIVE_INFINITY,
  ) {
    this.lastCaughtUpMs = lastCaughtUpMs;
    this.lastHeardMs = nowMs;
  }

  /**
   * Its broker asked for something. That counts once this partition has been asked for too; who has all that there is
   * does not lag, however long it is at rest.
   */
  heard(atMs: number, leaderEnd: number): void {
    if (this.fetchOffset === UNKNOWN) return;
    this.lastHeardMs = Math.max(this.lastHeardMs, atMs);
    if (this.fetchOffset >= leaderEnd) this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, atMs);
  }

  /** It fetches from `fetchOffset` on, so it has what lies below. */
  fetched(brokerEpoch: number, fetchOffset: number, leaderEnd: number, nowMs: number): void {
    if (fetchOffset >= leaderEnd) this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, nowMs);
    else if (this.fetchOffset !== UNKNOWN && fetchOffset >= this.leaderEndAtFetch) {
      // It has what there was when it asked last: under steady load nobody is ever level with the very end.
      this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, this.lastFetchMs);
    }
    this.brokerEpoch = brokerEpoch;
    this.fetchOffset = fetchOffset;
    this.leaderEndAtFetch = leaderEnd;
    this.lastFetchMs = nowMs;
    this.lastHeardMs = nowMs;
  }

  caughtUp(leaderEnd: number, nowMs: number, lagTimeMaxMs: number): boolean {
    return this.fetchOffset === leaderEnd || nowMs - this.lastCaughtUpMs <= lagTimeMaxMs;
  }

  /** Its broker may join an in-sync set, and is still the one that fetched (KIP-841, KIP-903). */
  get admissible(): boolean {
    return this.registeredEpoch !== UNKNOWN && this.registeredEpoch === this.brokerEpoch;
  }
}
