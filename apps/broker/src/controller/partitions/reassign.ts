/**
 * The decision behind AlterPartitionReassignments: begins, changes or cancels the move of partitions to other
 * replicas. How a move goes on is in `reassignment-steps.ts`. Pure; error codes are those of Kafka's
 * ReplicationControlManager.
 */
import { ErrorCode } from '@tidemark/wire';
import type { PartitionChanged } from '../controller-events.js';
import { replicationProtocol } from '../metadata-image.js';
import type { PartitionImage, TopicImage } from '../metadata-image.js';
import { changePartition } from './partition-change.js';
import { completedReassignment, isMoving, quorumStepReady } from './reassignment-steps.js';
import type { Rules } from './rules.js';

export interface AlterReassignments {
  readonly type: 'AlterReassignments';
  readonly partitions: readonly WantedReplicas[];
  readonly allowReplicationFactorChange: boolean;
}

export interface WantedReplicas {
  readonly topic: string;
  readonly partition: number;
  /** The first is the preferred leader; null cancels what is under way. */
  readonly replicas: readonly number[] | null;
}

export interface ReassignmentResult {
  readonly topic: string;
  readonly partition: number;
  readonly error: ErrorCode;
  readonly message: string | null;
}

interface Refusal {
  readonly error: ErrorCode;
  readonly message: string;
}

type Outcome = { readonly event: PartitionChanged | undefined } | Refusal;

export function alterReassignments(
  rules: Rules,
  { partitions, allowReplicationFactorChange }: AlterReassignments,
): { events: PartitionChanged[]; reply: ReassignmentResult[] } {
  const events: PartitionChanged[] = [];
  const seen = new Set<string>();
  const reply = partitions.map((wanted): ReassignmentResult => {
    const { topic: name, partition, replicas } = wanted;
    const topic = rules.state.topics.get(name);
    const before = topic?.partitions[partition];
    const key = `${name}/${partition}`;
    const outcome: Outcome =
      topic === undefined || before === undefined
        ? no(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.')
        : seen.has(key)
          ? no(ErrorCode.INVALID_REQUEST, 'The partition is named twice in the request')
          : replicas === null
            ? cancelled(rules, topic, before)
            : (refusalOf(rules, topic, { before, replicas, allowReplicationFactorChange }) ??
              begun(rules, topic, before, replicas));
    seen.add(key);
    if ('error' in outcome) return { topic: name, partition, ...outcome };
    if (outcome.event !== undefined) events.push(outcome.event);
    return { topic: name, partition, error: ErrorCode.NONE, message: null };
  });
  return { events, reply };
}

function no(error: ErrorCode, message: string): Refusal {
  return { error, message };
}

interface Wanted {
  readonly before: PartitionImage;
  readonly replicas: readonly number[];
  readonly allowReplicationFactorChange: boolean;
}

function refusalOf(
  rules: Rules,
  topic: TopicImage,
  { before, replicas, allowReplicationFactorChange }: Wanted,
): Refusal | undefined {
  const text = `[${replicas.join(', ')}]`;
  if (replicas.length === 0)
    return no(ErrorCode.INVALID_REPLICA_ASSIGNMENT, 'A partition needs at least one replica');
  if (new Set(replicas).size !== replicas.length)
    return no(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `Replica list ${text} names a broker twice`);
  const unknown = replicas.find((id) => !rules.state.brokers.has(id));
  if (unknown !== undefined) {
    const message = `Replica list ${text} names broker ${unknown}, which is not there`;
    return no(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  }
  const current = settled(before).length;
  if (!allowReplicationFactorChange && replicas.length !== current) {
    const message = `The replication factor would change from ${current} to ${replicas.length}`;
    return no(ErrorCode.INVALID_REPLICATION_FACTOR, message);
  }
  if (replicationProtocol(topic) !== 'quorum') return undefined;
  if (replicas.length % 2 === 0) {
    const message = `A quorum topic has an odd number of replicas, not ${replicas.length}: one more bears no more failures`;
    return no(ErrorCode.INVALID_REPLICATION_FACTOR, message);
  }
  if (!isMoving(before)) return undefined;
  return no(ErrorCode.REASSIGNMENT_IN_PROGRESS, 'The partition is being moved: cancel that first, or wait');
}

/** The replicas that the partition has in full: those that are still to come are not among them. */
function settled({ replicas, adding }: PartitionImage): number[] {
  return replicas.filter((id) => !adding.includes(id));
}

function begun(rules: Rules, topic: TopicImage, before: PartitionImage, wanted: readonly number[]): Outcome {
  const old = settled(before);
  const adding = wanted.filter((id) => !old.includes(id));
  const removing = old.filter((id) => !wanted.includes(id));
  if (replicationProtocol(topic) === 'quorum') {
    const [first] = adding;
    const moving = adding.length + removing.length > 0;
    const replicas = !moving ? wanted : first === undefined ? old : [...old, first];
    const newEpoch = quorumStepReady({ replicas, adding, removing, isr: before.isr });
    return {
      event: changePartition(rules, topic, before, {
        replicas,
        adding,
        removing,
        wanted: moving ? wanted : [],
        election: 'needed',
        newEpoch,
      }),
    };
  }
  const replicas = [...wanted, ...removing];
  const isr = before.isr.filter((id) => replicas.includes(id));
  if (isr.length === 0) {
    return no(ErrorCode.INVALID_REPLICA_ASSIGNMENT, 'No replica in sync would be left to copy from');
  }
  const completed = completedReassignment({ replicas, adding, removing }, isr);
  const target = completed ?? { replicas, adding, removing, isr };
  const newEpoch = completed !== undefined;
  return { event: changePartition(rules, topic, before, { ...target, election: 'needed', newEpoch }) };
}

/** Back to the replicas from before; those that were added go. */
function cancelled(rules: Rules, topic: TopicImage, before: PartitionImage): Outcome {
  if (!isMoving(before)) return no(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, 'The partition is not being moved');
  const replicas = settled(before);
  const isr = before.isr.filter((id) => replicas.includes(id));
  if (isr.length === 0) {
    const message = 'None of the former replicas is in sync any more: they cannot be gone back to';
    return no(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  }
  const quorum = replicationProtocol(topic) === 'quorum';
  const target = { replicas, isr, adding: [], removing: [], wanted: [], newEpoch: !quorum };
  return { event: changePartition(rules, topic, before, { ...target, election: 'needed' }) };
}
