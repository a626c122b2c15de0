/**
 * Moves replicas of partitions to other brokers, over the wire: plans (pure), asks, and follows until it is done. The
 * brokers copy and switch by themselves; whoever stops following stops nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { alterPartitionReassignmentsApi, listPartitionReassignmentsApi } from '@tidemark/wire';
import { Fault } from '../console/fault.js';
import { assertNoError, type ClusterClient, type TopicInfo } from './cluster-client.js';

export interface Move {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
}

const LOOK_EVERY_MS = 250;

/** Every partition on the same brokers, beginning with another one each, so that leadership is spread. */
export function spreadOver(topic: TopicInfo, brokers: readonly number[]): Move[] {
  return topic.partitions.map(({ partition }) => {
    const first = partition % brokers.length;
    return { topic: topic.name, partition, replicas: [...brokers.slice(first), ...brokers.slice(0, first)] };
  });
}

/**
 * The broker's place in each of its partitions goes to the one with the fewest replicas that is not there yet; where
 * there is none, the partition gets along with a replica less. Throws a `Fault` where that would be the last.
 */
export function movesAway(topics: readonly TopicInfo[], broker: number, others: readonly number[]): Move[] {
  const load = new Map(others.map((other) => [other, 0]));
  const all = topics.flatMap((topic) => topic.partitions.map((one) => ({ topic: topic.name, ...one })));
  for (const { replicas } of all)
    for (const id of replicas) if (load.has(id)) load.set(id, (load.get(id) ?? 0) + 1);
  return all
    .filter(({ replicas }) => replicas.includes(broker))
    .map(({ topic, partition, replicas }) => {
      const [heir] = others
        .filter((other) => !replicas.includes(other))
        .sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || a - b);
      if (heir !== undefined) load.set(heir, (load.get(heir) ?? 0) + 1);
      const moved = replicas.flatMap((id) => (id !== broker ? [id] : heir === undefined ? [] : [heir]));
      if (moved.length === 0) throw new Fault(`there is no other broker for ${topic}/${partition}`);
      return { topic, partition, replicas: moved };
    });
}

/** Resolves when all moves are done; `onProgress` hears how many are left. Rejects with a `Fault` for one that is refused. */
export async function reassign(
  cluster: ClusterClient,
  moves: readonly Move[],
  onProgress: (left: number) => void,
): Promise<void> {
  const topics = [...new Set(moves.map(({ topic }) => topic))].map((name) => ({
    name,
    partitions: moves
      .filter(({ topic }) => topic === name)
      .map(({ partition, replicas }) => ({ partitionIndex: partition, replicas: [...replicas] })),
  }));
  if (topics.length === 0) return;
  const answer = await cluster.ask(alterPartitionReassignmentsApi, { topics });
  assertNoError(answer.errorCode, answer.errorMessage ?? 'the reassignment');
  for (const { name, partitions } of answer.responses) {
    for (const { partitionIndex, errorCode, errorMessage } of partitions) {
      const why = errorMessage === null ? '' : ` (${errorMessage})`;
      assertNoError(errorCode, `${name}/${partitionIndex}${why}`);
    }
  }
  const asked = topics.map(({ name, partitions }) => {
    return { name, partitionIndexes: partitions.map(({ partitionIndex }) => partitionIndex) };
  });
  for (let last = -1; ;) {
    const { errorCode, topics: under } = await cluster.ask(listPartitionReassignmentsApi, { topics: asked });
    assertNoError(errorCode, 'the reassignments under way');
    const left = under.reduce((sum, { partitions }) => sum + partitions.length, 0);
    if (left !== last) onProgress(left);
    if (left === 0) return;
    last = left;
    await delay(LOOK_EVERY_MS);
  }
}
