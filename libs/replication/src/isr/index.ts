export { FollowerProgress } from './follower-progress.js';
export {
  LeaderState,
  type LeadershipOptions,
  type PartitionFacts,
  type ProposedIsr,
  type ProposedMember,
} from './leader-state.js';
export { maximalIsr, nextIsrState, type IsrEvent, type IsrState } from './isr-state.js';
export { REPLICATION_RULES, type ReplicationRules } from './replication-rules.js';
export { truncationOffset, type EpochEnd } from './truncation.js';
