/** The metadata quorum as a pure state machine: pull-based Raft after KIP-595, with pre-vote (KIP-996). */
export { compareLogs, type Comparison, type LogView } from './log-view.js';
export * from './majority.js';
export * from './quorum-context.js';
export * from './quorum-effects.js';
export * from './quorum-inputs.js';
export type {
  BeginEpochRequest,
  EndEpochRequest,
  EpochAnswer,
  FetchAnswer,
  FetchRequest,
  QuorumAnswer,
  QuorumError,
  QuorumRequest,
  VoteAnswer,
  VoteRequest,
} from './quorum-messages.js';
export * from './quorum-rules.js';
export {
  leaderOf,
  type Follower,
  type Leader,
  type QuorumState,
  type ReplicaProgress,
  type Role,
} from './quorum-state.js';
export * from './replica-key.js';
export { initialState } from './roles/start.js';
export { step, type Step } from './step.js';
