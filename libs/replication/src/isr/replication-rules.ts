/**
 * The decisions of a partition's replicas that safety rests on, each in one place. An object, because a checker is only
 * worth what it catches: the simulation of whole clusters replaces one rule at a time by a wrong one and must find out
 * (`libs/simulation/src/run/mutants.ts`). Nothing else gives rules to a broker.
 */
import type { FollowerProgress } from './follower-progress.js';
import { truncationOffset, type EpochEnd } from './truncation.js';

export interface ReplicationRules {
  /** Primary-backup: whether the high watermark waits for a follower; `joining` when it is level and may join. */
  waitsFor(follower: FollowerProgress, joining: boolean): boolean;
  /** Primary-backup: whether the high watermark may move. */
  mayAdvance(enoughInSync: boolean): boolean;
  /** Quorum: whether what a majority has is committed: never by counting entries of an earlier epoch alone. */
  mayCommit(offset: number, epochStart: number): boolean;
  /** Whether a follower has lost what it had, and must leave. */
  hasLost(fetchOffset: number, highWatermark: number): boolean;
  /** Whether one that is not in sync is level enough to join. */
  mayJoin(fetchOffset: number, highWatermark: number, epochStart: number): boolean;
  /** Where a follower cuts its log, whose own high watermark is given. */
  truncationOffset(diverging: EpochEnd, own: EpochEnd, highWatermark: number): number;
}

export const REPLICATION_RULES: ReplicationRules = {
  waitsFor: (follower, joining) => follower.inMaximal || joining,
  mayAdvance: (enoughInSync) => enoughInSync,
  mayCommit: (offset, epochStart) => offset > epochStart,
  hasLost: (fetchOffset, highWatermark) => fetchOffset < highWatermark,
  mayJoin: (fetchOffset, highWatermark, epochStart) =>
    fetchOffset >= highWatermark && fetchOffset >= epochStart,
  truncationOffset,
};
