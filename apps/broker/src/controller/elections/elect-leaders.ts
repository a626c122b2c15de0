/**
 * The decision behind ElectLeaders and behind the preferred-leader balance. Primary-backup partitions change at once;
 * a quorum partition is left without a leader, and the election that follows prefers the first replica. Pure.
 */
import { ErrorCode } from '@tidemark/wire';
import type { PartitionChanged } from '../controller-events.js';
import { replicationProtocol } from '../metadata-image.js';
import type { PartitionImage, TopicImage } from '../metadata-image.js';
import { changePartition } from '../partitions/partition-change.js';
import type { Rules } from '../partitions/rules.js';
import { recoverQuorum } from './quorum-recovery.js';

export interface ElectLeaders {
  readonly type: 'ElectLeaders';
  readonly election: 'preferred' | 'unclean';
  /** Null: all that need one; those that do not are passed over in silence. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[] | null;
}

export interface ElectionResult {
  readonly topic: string;
  readonly partition: number;
  readonly error: ErrorCode;
  readonly message: string | null;
}

type Outcome = PartitionChanged | { readonly error: ErrorCode; readonly message: string };

export function electLeaders(
  rules: Rules,
  { election, partitions }: ElectLeaders,
): { events: PartitionChanged[]; reply: ElectionResult[] } {
  const events: PartitionChanged[] = [];
  const reply: ElectionResult[] = [];
  const seen = new Set<string>();
  for (const { topic: name, partition } of partitions ?? allPartitions(rules)) {
    const key = `${name}/${partition}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const topic = rules.state.topics.get(name);
    const before = topic?.partitions[partition];
    const outcome: Outcome =
      topic === undefined || before === undefined
        ? no(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.')
        : election === 'preferred'
          ? preferred(rules, topic, before)
          : unclean(rules, topic, before);
    if ('type' in outcome) {
      events.push(outcome);
      reply.push({ topic: name, partition, error: ErrorCode.NONE, message: null });
    } else if (partitions !== null || outcome.error !== ErrorCode.ELECTION_NOT_NEEDED) {
      reply.push({ topic: name, partition, ...outcome });
    }
  }
  return { events, reply };
}

/** The first replica may take over from the one that leads. */
export function isImbalanced(
  rules: Pick<Rules, 'active'>,
  { leader, replicas, isr }: PartitionImage,
): boolean {
  const [first = -1] = replicas;
  return leader !== -1 && leader !== first && isr.includes(first) && rules.active(first);
}

function* allPartitions({ state }: Rules): Iterable<{ topic: string; partition: number }> {
  for (const topic of state.topics.values()) {
    for (const { partition } of topic.partitions) yield { topic: topic.name, partition };
  }
}

function no(error: ErrorCode, message: string): Outcome {
  return { error, message };
}

function preferred(rules: Rules, topic: TopicImage, before: PartitionImage): Outcome {
  const [first = -1] = before.replicas;
  if (before.leader === first)
    return no(ErrorCode.ELECTION_NOT_NEEDED, 'The preferred replica leads already');
  if (!before.isr.includes(first) || !rules.active(first)) {
    const message = `The preferred replica, broker ${first}, is not in sync`;
    return no(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, message);
  }
  const event = changePartition(rules, topic, before, { election: 'preferred' });
  return event ?? no(ErrorCode.ELECTION_NOT_NEEDED, 'An election is under way already');
}

function unclean(rules: Rules, topic: TopicImage, before: PartitionImage): Outcome {
  if (replicationProtocol(topic) === 'quorum') return uncleanQuorum(rules, topic, before);
  if (before.leader !== -1) return no(ErrorCode.ELECTION_NOT_NEEDED, 'The partition has a leader');
  const event = changePartition(rules, topic, before, { election: 'unclean' });
  if (event?.leader !== undefined) return event;
  return no(ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'No replica of the partition is alive');
}

/** A leader may be there: one that has lost its majority acknowledges nothing. */
function uncleanQuorum(rules: Rules, topic: TopicImage, before: PartitionImage): Outcome {
  const recovery = recoverQuorum(rules.state.brokers, before);
  if (recovery === 'kept') {
    return no(ErrorCode.ELECTION_NOT_NEEDED, 'A majority of the replicas is alive: it elects by itself');
  }
  const event = recovery === 'lost' ? undefined : changePartition(rules, topic, before, recovery);
  return event ?? no(ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'No replica of the partition is alive');
}
