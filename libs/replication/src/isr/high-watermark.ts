/**
 * What is committed: how far the high watermark may go, by each of the two protocols. Pure and without garbage, for it
 * is asked at the end of every turn that wrote something, and at every follower's fetch. Used by `leader-state.ts`.
 */
import { majorityOf } from '../quorum/majority.js';
import type { FollowerProgress } from './follower-progress.js';
import type { ReplicationRules } from './replication-rules.js';

export interface Leader {
  readonly id: number;
  /** What counts as had: written, in quorum topics flushed. */
  readonly end: number;
}

/**
 * Primary-backup: what every replica has that is, or may be, in the in-sync set; replicas that are caught up and about
 * to join are waited for too, so that they do not find the watermark ahead of them again and again.
 */
export function committedByIsr(
  leader: Leader,
  followers: readonly FollowerProgress[],
  lag: { readonly nowMs: number; readonly timeMaxMs: number },
  rules: Pick<ReplicationRules, 'waitsFor'>,
): number {
  let committed = leader.end;
  for (const follower of followers) {
    if (follower.fetchOffset >= committed) continue;
    const joining = follower.admissible && follower.caughtUp(leader.end, lag.nowMs, lag.timeMaxMs);
    if (rules.waitsFor(follower, joining)) committed = follower.fetchOffset;
  }
  return committed;
}

/**
 * Quorum: what a majority of each set has on disk, counted among replicas that never lost what they acknowledged. -1
 * when too few are left. While a partition changes its replicas there are two sets, the old and the new.
 */
export function committedByMajorities(
  leader: Leader & { readonly eligible: boolean },
  followers: readonly FollowerProgress[],
  sets: readonly (readonly number[])[],
): number {
  let committed = Number.POSITIVE_INFINITY;
  for (const set of sets) committed = Math.min(committed, committedBySet(leader, followers, set));
  return Number.isFinite(committed) ? committed : -1;
}

/** The largest end that a majority has reached. Sets are small, so trying each end is quicker than sorting. */
function committedBySet(
  leader: Leader & { readonly eligible: boolean },
  followers: readonly FollowerProgress[],
  set: readonly number[],
): number {
  const needed = majorityOf(set.length);
  let best = -1;
  for (const id of set) {
    const end = endOf(id, leader, followers);
    if (end <= best) continue;
    let reached = 0;
    for (const other of set) if (endOf(other, leader, followers) >= end) reached += 1;
    if (reached >= needed) best = end;
  }
  return best;
}

function endOf(
  id: number,
  leader: Leader & { readonly eligible: boolean },
  followers: readonly FollowerProgress[],
): number {
  if (id === leader.id) return leader.eligible ? leader.end : -1;
  for (const follower of followers) {
    if (follower.brokerId === id) return follower.inSync ? follower.fetchOffset : -1;
  }
  return -1;
}
