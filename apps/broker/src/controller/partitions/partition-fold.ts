/**
 * What a change makes of a partition. The one place that says it: the fold of the metadata log uses it, and decisions
 * that must answer with the outcome before it is committed. Pure.
 */
import type { PartitionChanged } from '../controller-events.js';
import type { PartitionImage } from '../metadata-image.js';

/** `offset` is the change's in the metadata log: replicas that are new are replicas since then. */
export function changedPartition(
  before: PartitionImage,
  event: PartitionChanged,
  offset: number,
): PartitionImage {
  const { type: _type, topicId: _topicId, ...change } = event;
  return {
    ...before,
    ...change,
    leaderEpoch: before.leaderEpoch + (event.leader === undefined ? 0 : 1),
    partitionEpoch: before.partitionEpoch + 1,
    replicaSince: event.replicas === undefined ? before.replicaSince : since(before, event.replicas, offset),
  };
}

function since(
  { replicas, replicaSince }: PartitionImage,
  after: readonly number[],
  offset: number,
): number[] {
  return after.map((id) => replicaSince[replicas.indexOf(id)] ?? offset);
}
