/**
 * How a partition moves from some replicas to others. Primary-backup: all at once; the new ones are added, and when
 * they are all in sync the old ones go (KIP-455). Quorum: one replica at a time (`quorumSets`); a step is ready when
 * the newcomer is eligible, and is taken by an election, so that no leader of the old epoch commits by old sets. Pure.
 */
import type { PartitionImage } from '../metadata-image.js';
import type { PartitionTarget } from './partition-change.js';

type Moving = Pick<PartitionImage, 'replicas' | 'adding' | 'removing' | 'isr'>;

export type ReplicasTarget = Required<Pick<PartitionTarget, 'replicas' | 'adding' | 'removing' | 'isr'>>;

export function isMoving({ adding, removing }: Pick<PartitionImage, 'adding' | 'removing'>): boolean {
  return adding.length > 0 || removing.length > 0;
}

/** What the partition becomes when this ISR has all that are to come; nothing while it has not, or nothing moves. */
export function completedReassignment(
  { replicas, adding, removing }: Omit<Moving, 'isr'>,
  isr: readonly number[],
): ReplicasTarget | undefined {
  if (!isMoving({ adding, removing })) return undefined;
  const staying = isr.filter((id) => !removing.includes(id));
  if (staying.length === 0 || !adding.every((id) => isr.includes(id))) return undefined;
  const kept = replicas.filter((id) => !removing.includes(id));
  return { replicas: kept, isr: staying, adding: [], removing: [] };
}

/** What is to go may go: nobody is to come first, or who is to come has caught up. */
export function quorumStepReady({ adding: [coming], removing: [going], isr }: Moving): boolean {
  if (coming === undefined) return going !== undefined;
  return isr.includes(coming);
}

/**
 * The partition after a step that was ready, with the next newcomer among its replicas; after the last one in the order
 * that was asked for, for the first is the preferred leader.
 */
export function afterQuorumStep(
  partition: Moving & Pick<PartitionImage, 'wanted'>,
): ReplicasTarget & Pick<PartitionImage, 'wanted'> {
  const [coming] = partition.adding;
  const [going] = partition.removing;
  const adding = partition.adding.slice(1);
  const removing = partition.removing.slice(1);
  // The newcomer takes the place of whom it replaces, first replica or not.
  const settled =
    coming === undefined || going === undefined
      ? partition.replicas.filter((id) => id !== going)
      : partition.replicas.filter((id) => id !== coming).map((id) => (id === going ? coming : id));
  const isr = partition.isr.filter((id) => id !== going);
  if (!isMoving({ adding, removing })) {
    const { wanted } = partition;
    // A move that was begun by an earlier release has no order to keep.
    const known = wanted.length === settled.length && wanted.every((id) => settled.includes(id));
    return { replicas: known ? wanted : settled, adding, removing, wanted: [], isr };
  }
  const replicas = adding[0] === undefined ? settled : [...settled, adding[0]];
  return { replicas, adding, removing, wanted: partition.wanted, isr };
}
