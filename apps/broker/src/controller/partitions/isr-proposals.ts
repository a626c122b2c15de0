/**
 * How a partition's leader asks the active controller for another in-sync set (AlterPartition, KIP-497). The port that
 * leaders see; one at a time per partition is the leader's business.
 */
import type { ErrorCode } from '@tidemark/wire';

export interface IsrProposal {
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  /** The one that the proposal changes: another in between makes it fail (INVALID_UPDATE_VERSION). */
  readonly partitionEpoch: number;
  /** With the epochs that the members fetched with, so that one that was restarted since is told apart (KIP-903). */
  readonly newIsr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
  /** Still coming to terms with an unclean election; false ends it. */
  readonly recovering: boolean;
}

export interface IsrDecision {
  readonly error: typeof ErrorCode.NONE;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly partitionEpoch: number;
}

/**
 * The metadata says the same before or after the answer comes. An error is the controller's word (74, 95, 41, 42, 107,
 * 108: drop the proposal, wait for metadata or propose again later) or NETWORK_EXCEPTION: perhaps done, so propose the
 * very same again.
 */
export type IsrAnswer = IsrDecision | { readonly error: Exclude<ErrorCode, typeof ErrorCode.NONE> };

export interface IsrProposing {
  /** `done` is called once, from a later turn of the event loop. */
  propose(proposal: IsrProposal, done: (answer: IsrAnswer) => void): void;
}
