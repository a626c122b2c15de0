/**
 * What the members of a quorum tell each other, without bytes: Vote, BeginQuorumEpoch, EndQuorumEpoch and Fetch of
 * KIP-595 as far as the state machine decides on them. The driver puts them into Kafka's layouts; records travel beside
 * them, in the driver's hands.
 */
import type { EpochEnd } from './log-view.js';
import type { ReplicaKey } from './replica-key.js';

/** Why a request was not obeyed. The driver gives each its Kafka error code. */
export type QuorumError =
  'none' | 'fenced-epoch' | 'unknown-epoch' | 'not-leader' | 'invalid-request' | 'invalid-voter-key';

export interface VoteRequest {
  readonly kind: 'vote';
  readonly candidate: ReplicaKey;
  /** Whose vote is asked for; another replica must not give it. */
  readonly voter: ReplicaKey;
  /** The epoch to be elected for; of a pre-vote the epoch that the candidate is in. */
  readonly epoch: number;
  readonly lastEpoch: number;
  readonly endOffset: number;
  readonly preVote: boolean;
}

export interface BeginEpochRequest {
  readonly kind: 'begin-epoch';
  readonly leaderId: number;
  readonly epoch: number;
  readonly voter: ReplicaKey;
}

export interface EndEpochRequest {
  readonly kind: 'end-epoch';
  readonly leaderId: number;
  readonly epoch: number;
  /** Best first: whoever is named first need not wait. */
  readonly preferred: readonly ReplicaKey[];
}

export interface FetchRequest {
  readonly kind: 'fetch';
  readonly replica: ReplicaKey;
  /** The epoch that the replica is in. */
  readonly epoch: number;
  /** Its log's end; everything below is on its disk. */
  readonly offset: number;
  readonly lastEpoch: number;
  readonly highWatermark: number;
}

export type QuorumRequest = VoteRequest | BeginEpochRequest | EndEpochRequest | FetchRequest;

/** Every answer says which leader and epoch its sender knows. */
export interface Standing {
  readonly error: QuorumError;
  readonly epoch: number;
  readonly leaderId: number | undefined;
}

export interface VoteAnswer extends Standing {
  readonly kind: 'vote';
  readonly granted: boolean;
}

/** To BeginQuorumEpoch and EndQuorumEpoch: nothing but who leads. */
export interface EpochAnswer extends Standing {
  readonly kind: 'epoch';
}

export interface FetchAnswer extends Standing {
  readonly kind: 'fetch';
  readonly highWatermark: number;
  readonly diverging?: EpochEnd | undefined;
  readonly snapshot?: EpochEnd | undefined;
  /** There are records beside this answer, checked by the driver: they continue the log that was asked for. */
  readonly hasRecords: boolean;
}

export type QuorumAnswer = VoteAnswer | EpochAnswer | FetchAnswer;
