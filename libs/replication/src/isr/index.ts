export { FollowerProgress } from './follower-progress.js';
export {
  LeaderState,
  type LeadershipOptions,
  type PartitionFacts,
  type ProposedIsr,
  type ProposedMember,
} from './leader-state.js';
export { maximalIsr, nextIsrState, type IsrEvent, type IsrState } from './isr-state.js';
export { truncationOffset, type EpochEnd } from './truncation.js';
