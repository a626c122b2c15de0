/**
 * A leader's book of who has how much of its log: the voters, and the observers that fetch. Pure.
 */
import type { FetchRequest } from '../quorum-messages.js';
import type { QuorumContext } from '../quorum-context.js';
import type { Leader, ReplicaProgress } from '../quorum-state.js';
import { sameReplica } from '../replica-key.js';

/** Observers remembered; the one unheard for longest makes room. */
const OBSERVERS_MAX = 64;

/** The replica has everything below the offset that it fetches from. */
export function withProgress(
  state: Leader,
  { replica, offset }: FetchRequest,
  context: QuorumContext,
): Leader {
  const { now, log, me } = context;
  if (replica.id === me.id) return state;
  const known = state.replicas.find(({ key }) => sameReplica(key, replica));
  const caughtUpAtMs = offset >= log.endOffset ? now : known?.caughtUpAtMs;
  const progress: ReplicaProgress = {
    key: replica,
    voter: known?.voter ?? false,
    // A late copy of an earlier Fetch takes nothing back that is known to be on the disk.
    endOffset: Math.max(offset, known?.endOffset ?? 0),
    fetchedAtMs: now,
    caughtUpAtMs,
  };
  if (known !== undefined) {
    return { ...state, replicas: state.replicas.map((other) => (other === known ? progress : other)) };
  }
  return { ...state, replicas: [...withoutOldest(state.replicas), progress] };
}

function withoutOldest(replicas: readonly ReplicaProgress[]): readonly ReplicaProgress[] {
  const observers = replicas.filter(({ voter }) => !voter);
  if (observers.length < OBSERVERS_MAX) return replicas;
  const oldest = observers.reduce((one, other) => (other.fetchedAtMs < one.fetchedAtMs ? other : one));
  return replicas.filter((replica) => replica !== oldest);
}
