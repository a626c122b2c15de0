/**
 * Where a follower cuts its log when the leader says that the two diverge (KIP-101, KIP-279, KIP-595). Pure; used by the
 * follower's side of `apps/broker/src/replicas/`.
 */

/** Of an epoch that is not known, the next lower known one; -1 and the log's start when there is none. */
export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

/**
 * `diverging`: the largest epoch up to the follower's last one that the leader knows, and where it ends there.
 * `own`: that epoch, or the next lower one, in the follower's log. Both logs are equal at most up to the nearer end,
 * so that is what is kept; if the epochs differ, the next fetch finds out what is still too much.
 */
export function truncationOffset(diverging: EpochEnd, own: EpochEnd): number {
  return Math.min(diverging.endOffset, own.endOffset);
}
