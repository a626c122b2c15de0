/**
 * `tidemark-copartition` as kafkajs wants it. One per consumer: tells the group what this member holds (as user data
 * of its JoinGroup) and, when this member leads the group, shares the partitions out (`copartition.ts`).
 */
import kafkajs from 'kafkajs';
import type { Assigner, Cluster, PartitionAssigner } from 'kafkajs';
import { assignCopartitioned } from '../topics/copartition.js';
import type { Member } from '../topics/copartition.js';
import type { ConsumerHooks } from './kafkajs-patches.js';

const NAME = 'tidemark-copartition';
const VERSION = 1;
const HELD_MAX = 10_000;

export interface AssignerOptions extends ConsumerHooks {
  /** Partition numbers held now; asked at every join. */
  readonly held: () => readonly number[];
}

export function copartitionAssigner(options: AssignerOptions): PartitionAssigner {
  return ({ cluster }): Assigner & ConsumerHooks => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(options.held())),
      }),
    }),
    assign: ({ members }) => Promise.resolve(assign(cluster, members)),
    rest: options.rest,
    offsetOutOfRange: (topic, partition) => options.offsetOutOfRange(topic, partition),
  });
}

function assign(
  cluster: Cluster,
  members: readonly { memberId: string; memberMetadata: Buffer }[],
): { memberId: string; memberAssignment: Buffer }[] {
  const decoded = members.map((member) => decodeMember(member.memberId, member.memberMetadata));
  const topics = new Set(decoded.flatMap((member) => member.topics));
  const counts = new Map([...topics].map((topic) => [topic, partitionCount(cluster, topic)]));
  return [...assignCopartitioned(decoded, counts)].map(([memberId, assignment]) => ({
    memberId,
    memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
      version: VERSION,
      assignment: Object.fromEntries([...assignment].map(([topic, partitions]) => [topic, [...partitions]])),
      userData: Buffer.alloc(0),
    }),
  }));
}

/** Topics that the leader does not subscribe to itself are unknown to it; they are left out, not guessed. */
function partitionCount(cluster: Cluster, topic: string): number {
  try {
    return cluster.findTopicPartitionMetadata(topic).length;
  } catch {
    return 0;
  }
}

function decodeMember(id: string, metadata: Buffer): Member {
  const decoded = kafkajs.AssignerProtocol.MemberMetadata.decode(metadata);
  return { id, topics: decoded?.topics ?? [], held: decodeHeld(decoded?.userData) };
}

/** User data comes from other processes, perhaps of another version: what is not understood claims nothing. */
function decodeHeld(userData: Buffer | undefined): readonly number[] {
  if (userData === undefined || userData.length === 0) return [];
  try {
    const held: unknown = JSON.parse(userData.toString('utf8'));
    if (!Array.isArray(held)) return [];
    return held.slice(0, HELD_MAX).filter((value): value is number => Number.isInteger(value));
  } catch {
    return [];
  }
}
