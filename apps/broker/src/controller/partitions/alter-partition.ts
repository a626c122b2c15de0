/**
 * The decision on a leader's proposal of another ISR (KIP-497, KIP-841, KIP-903): every check in Kafka's order, each
 * partition by itself. A proposal may complete a reassignment. Pure.
 */
import { ErrorCode } from '@tidemark/wire';
import type { PartitionChanged } from '../controller-events.js';
import { replicationProtocol } from '../metadata-image.js';
import type { PartitionImage, TopicImage } from '../metadata-image.js';
import { changedPartition } from './partition-fold.js';
import { changePartition } from './partition-change.js';
import type { PartitionTarget } from './partition-change.js';
import { completedReassignment, quorumStepReady } from './reassignment-steps.js';
import type { Rules } from './rules.js';

export interface AlterPartition {
  readonly type: 'AlterPartition';
  readonly brokerId: number;
  readonly brokerEpoch: number;
  readonly partitions: readonly PartitionProposal[];
}

export interface PartitionProposal {
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly newIsr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
  readonly recovering: boolean;
}

export interface ProposalResult {
  readonly topicId: string;
  readonly partition: number;
  readonly error: ErrorCode;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly partitionEpoch: number;
  readonly recovering: boolean;
}

export type AlterPartitionReply =
  { readonly error: ErrorCode } | { readonly results: readonly ProposalResult[] };

export function alterPartition(
  rules: Rules,
  { brokerId, brokerEpoch, partitions }: AlterPartition,
): { events: PartitionChanged[]; reply: AlterPartitionReply } {
  if (rules.state.brokers.get(brokerId)?.epoch !== brokerEpoch) {
    return { events: [], reply: { error: ErrorCode.STALE_BROKER_EPOCH } };
  }
  const events: PartitionChanged[] = [];
  const seen = new Set<string>();
  const results = partitions.map((proposal): ProposalResult => {
    const key = `${proposal.topicId}/${proposal.partition}`;
    const twice = seen.has(key);
    seen.add(key);
    const topic = rules.state.topicsById.get(proposal.topicId);
    if (topic === undefined) return refused(proposal, ErrorCode.UNKNOWN_TOPIC_ID);
    const before = topic.partitions[proposal.partition];
    if (before === undefined) return refused(proposal, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const error = twice ? ErrorCode.INVALID_REQUEST : fault(rules, topic, { before, brokerId, proposal });
    if (error !== ErrorCode.NONE) return refused(proposal, error, before);
    const event = changePartition(rules, topic, before, targetOf(topic, before, proposal));
    if (event === undefined) return accepted(proposal, before, before);
    events.push(event);
    return accepted(proposal, before, changedPartition(before, event, 0));
  });
  return { events, reply: { results } };
}

interface Proposed {
  readonly before: PartitionImage;
  readonly brokerId: number;
  readonly proposal: PartitionProposal;
}

function fault(rules: Rules, topic: TopicImage, { before, brokerId, proposal }: Proposed): ErrorCode {
  const { leaderEpoch, partitionEpoch, newIsr, recovering } = proposal;
  // The leader knows more than this controller does: it is no longer the active one.
  if (leaderEpoch > before.leaderEpoch || partitionEpoch > before.partitionEpoch)
    return ErrorCode.NOT_CONTROLLER;
  if (leaderEpoch < before.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  if (before.leader !== brokerId) return ErrorCode.INVALID_REQUEST;
  if (partitionEpoch < before.partitionEpoch) return ErrorCode.INVALID_UPDATE_VERSION;
  const ids = newIsr.map((member) => member.brokerId);
  const members = new Set(ids);
  if (members.size !== ids.length || !ids.every((id) => before.replicas.includes(id)))
    return ErrorCode.INVALID_REQUEST;
  // A leader whose log is damaged hands over to the rest of the ISR (ours alone: Kafka's leaders cannot).
  const handsOver = ids.length > 0 && ids.every((id) => before.isr.includes(id));
  if (!members.has(brokerId) && !handsOver) return ErrorCode.INVALID_REQUEST;
  if (recovering && (ids.length > 1 || !before.recovering)) return ErrorCode.INVALID_REQUEST;
  // A quorum partition's eligible replicas stay so while they are fenced; only newcomers must be alive.
  const stays = (id: number): boolean =>
    replicationProtocol(topic) === 'quorum' && before.isr.includes(id) && id !== brokerId;
  const eligible = newIsr.every(
    (member) =>
      stays(member.brokerId) ||
      (rules.active(member.brokerId) &&
        (member.brokerEpoch === -1 ||
          member.brokerEpoch === rules.state.brokers.get(member.brokerId)?.epoch)),
  );
  return eligible ? ErrorCode.NONE : ErrorCode.INELIGIBLE_REPLICA;
}

/** In the order of the replicas, so that an ISR that comes back is written as it was. */
function targetOf(topic: TopicImage, before: PartitionImage, proposal: PartitionProposal): PartitionTarget {
  const isr = before.replicas.filter((id) => proposal.newIsr.some(({ brokerId }) => brokerId === id));
  const recovered = !proposal.recovering;
  if (!isr.includes(before.leader)) return { isr, lost: before.leader, recovered, election: 'needed' };
  if (replicationProtocol(topic) === 'quorum') {
    // What is moved goes on by an election, which ends the old epoch and begins the new one with the new replicas.
    return { isr, election: 'needed', newEpoch: quorumStepReady({ ...before, isr }) };
  }
  const completed = completedReassignment(before, isr);
  if (completed !== undefined) return { ...completed, recovered, election: 'needed', newEpoch: true };
  return { isr, recovered, election: 'needed' };
}

function refused(
  { topicId, partition }: PartitionProposal,
  error: ErrorCode,
  known?: PartitionImage,
): ProposalResult {
  const nothing = { leader: -1, leaderEpoch: -1, isr: [], partitionEpoch: -1, recovering: false };
  const { leader, leaderEpoch, isr, partitionEpoch, recovering } = known ?? nothing;
  return { topicId, partition, error, leader, leaderEpoch, isr, partitionEpoch, recovering };
}

function accepted(
  { topicId, partition }: PartitionProposal,
  before: PartitionImage,
  after: PartitionImage,
): ProposalResult {
  const { leader, leaderEpoch, isr, partitionEpoch, recovering } = after;
  const error = leader === before.leader ? ErrorCode.NONE : ErrorCode.NEW_LEADER_ELECTED;
  return { topicId, partition, error, leader, leaderEpoch, isr, partitionEpoch, recovering };
}
