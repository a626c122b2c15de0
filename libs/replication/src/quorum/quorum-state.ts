/**
 * What a member of the quorum holds in memory, by role. Values, never changed in place: a step makes the next one.
 *
 * What must hold: `epoch` and `voted` are what was last given to `persist`, so that a message that rests on them can
 * wait for the disk; a leader's replicas hold every other voter.
 */
import type { ReplicaKey } from './replica-key.js';

export interface Standing {
  readonly epoch: number;
  /** Whom this member voted for in this epoch. */
  readonly voted: ReplicaKey | undefined;
  /** The newest write of the election state, and the newest that is on the disk. */
  readonly write: number;
  readonly persisted: number;
  /** The number of the last request sent. */
  readonly correlation: number;
  readonly highWatermark: number;
}

/** Votes asked for: who has not answered, who said yes, who said no. */
export interface Ballot {
  readonly asked: readonly { readonly voter: number; readonly correlation: number }[];
  readonly granted: readonly number[];
  readonly rejected: readonly number[];
}

/** The epoch is known, a leader is not. */
export interface Unattached extends Standing {
  readonly role: 'unattached';
  /** Of an observer's question to a voter who leads; its number, and the index of the voter to ask next. */
  readonly asking: number | undefined;
  readonly next: number;
}

/** Asks whether it could win before it raises the epoch (KIP-996). */
export interface Prospective extends Standing {
  readonly role: 'prospective';
  /** The leader that it followed and lost, if any. */
  readonly leaderId: number | undefined;
  /** Nothing while others, whose turn is before, may ask first. */
  readonly ballot: Ballot | undefined;
}

export interface Candidate extends Standing {
  readonly role: 'candidate';
  readonly ballot: Ballot;
}

/** What a leader knows of another replica. */
export interface ReplicaProgress {
  readonly key: ReplicaKey;
  readonly voter: boolean;
  /** Everything below is on its disk; nothing before its first valid Fetch in this epoch. */
  readonly endOffset: number | undefined;
  /** Monotonic milliseconds; the beginning of the epoch before its first Fetch. */
  readonly fetchedAtMs: number;
  /** When it last had all that the leader had; nothing when never. */
  readonly caughtUpAtMs: number | undefined;
}

export interface Leader extends Standing {
  readonly role: 'leader';
  /** Where this epoch begins: only entries beyond commit by counting (Raft, figure 8). */
  readonly epochStartOffset: number;
  readonly flushedOffset: number;
  readonly replicas: readonly ReplicaProgress[];
}

/** Led this epoch and does not any more; never again in this epoch. */
export interface Resigned extends Standing {
  readonly role: 'resigned';
}

/**
 * What a follower is at. `writing`: what it has is being forced to disk. `fetching`: one Fetch is on its way.
 * `waiting`: the last one failed. `loading`: a snapshot takes the log's place.
 */
export type FollowerActivity = 'writing' | 'fetching' | 'waiting' | 'loading';

export interface Follower extends Standing {
  readonly role: 'follower';
  readonly leaderId: number;
  readonly activity: FollowerActivity;
  /** The number of the Fetch on its way: an answer to any other changes nothing. */
  readonly fetching: number | undefined;
  /** It has had an answer in this epoch: no pre-votes from then on while the leader is not lost. */
  readonly fetched: boolean;
  /** Failures in a row. */
  readonly failures: number;
  /** As the leader told last; ours follows when the records below are on the disk. */
  readonly leaderHighWatermark: number;
}

export type QuorumState = Unattached | Prospective | Candidate | Leader | Resigned | Follower;
export type Role = QuorumState['role'];
export type StateOf<R extends Role> = Extract<QuorumState, { readonly role: R }>;

export function leaderOf(state: QuorumState, me: number): number | undefined {
  if (state.role === 'leader') return me;
  return state.role === 'follower' || state.role === 'prospective' ? state.leaderId : undefined;
}
