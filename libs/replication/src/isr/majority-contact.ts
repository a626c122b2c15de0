/**
 * Whether the leader of a quorum partition still hears a majority (Raft's check-quorum): pure, asked now and then by
 * `leader-state.ts`, which keeps the answer for every produce request.
 */
import { majorityOf } from '../quorum/majority.js';
import type { FollowerProgress } from './follower-progress.js';

/**
 * A majority of each set may acknowledge, the leader among them, and was heard at `sinceMs` or later. Fenced replicas
 * count: what commits does not depend on what the controller thinks of their brokers.
 */
export function hearsMajority(
  leader: { readonly id: number; readonly eligible: boolean },
  followers: readonly FollowerProgress[],
  sets: readonly (readonly number[])[],
  sinceMs: number,
): boolean {
  const counts = (id: number): boolean =>
    id === leader.id
      ? leader.eligible
      : followers.some((other) => other.brokerId === id && other.inSync && other.lastHeardMs >= sinceMs);
  return sets.every((set) => set.filter(counts).length >= majorityOf(set.length));
}
