/**
 * The decision that ends an election of quorum partitions: the leader that `quorum-elections.ts` found after fencing a
 * majority, at exactly the epoch that they promised. Whatever happened meanwhile (another election, a fence) makes it
 * void, and the driver begins again. A step of a reassignment that is ready is taken by it. Pure.
 */
import type { PartitionChanged } from '../controller-events.js';
import { replicationProtocol } from '../metadata-image.js';
import type { PartitionImage } from '../metadata-image.js';
import { changedPartition } from '../partitions/partition-fold.js';
import { afterQuorumStep, quorumStepReady } from '../partitions/reassignment-steps.js';
import type { Rules } from '../partitions/rules.js';

export interface CompleteElections {
  readonly type: 'CompleteElections';
  readonly elections: readonly CompletedElection[];
}

export interface CompletedElection {
  readonly topicId: string;
  readonly partition: number;
  readonly epoch: number;
  readonly leader: number;
}

/** The reply counts the leaders that were made. */
export function completeElections(
  rules: Rules,
  elections: readonly CompletedElection[],
): { events: PartitionChanged[]; reply: { readonly elected: number } } {
  const events: PartitionChanged[] = [];
  const seen = new Set<string>();
  let elected = 0;
  for (const election of elections) {
    const key = `${election.topicId}/${election.partition}`;
    const topic = rules.state.topicsById.get(election.topicId);
    const before = topic?.partitions[election.partition];
    if (topic === undefined || before === undefined || seen.has(key)) continue;
    if (replicationProtocol(topic) !== 'quorum' || !holds(rules, before, election)) continue;
    seen.add(key);
    elected += 1;
    events.push(...elect(before, election));
  }
  return { events, reply: { elected } };
}

function holds(rules: Rules, before: PartitionImage, { epoch, leader }: CompletedElection): boolean {
  const vacant = before.leader === -1 && before.leaderEpoch + 1 === epoch;
  return vacant && before.isr.includes(leader) && rules.active(leader);
}

function elect(
  before: PartitionImage,
  { topicId, partition, leader }: CompletedElection,
): PartitionChanged[] {
  const of = { type: 'PartitionChanged', topicId, partition } as const;
  if (!quorumStepReady(before)) return [{ ...of, leader }];
  const step = afterQuorumStep(before);
  if (!step.replicas.includes(leader)) return [];
  const event = { ...of, leader, ...step };
  // A further replica that only has to go needs an epoch of its own, so that nobody is two steps behind.
  return quorumStepReady(changedPartition(before, event, 0)) ? [event, { ...of, leader: -1 }] : [event];
}
