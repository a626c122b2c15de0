/**
 * What an unclean election means for a quorum partition that has lost its majority for good: those who are left become
 * the partition. Whatever only the others had is given up, and the ordinary election that follows finds the longest log
 * among the rest. Pure; decided only when an operator asks (`elect-leaders.ts`), never by the controller itself.
 *
 * What must hold: while a majority that may elect is alive, nothing is given up.
 */
import type { MetadataImage, PartitionImage } from '../metadata-image.js';
import { quorumSets } from '../metadata-image.js';
import type { PartitionTarget } from '../partitions/partition-change.js';

/** `kept`: a majority is there. `lost`: nobody is left. */
export type QuorumRecovery = 'kept' | 'lost' | PartitionTarget;

export function recoverQuorum(brokers: MetadataImage['brokers'], partition: PartitionImage): QuorumRecovery {
  const alive = (id: number): boolean => brokers.get(id)?.fenced === false;
  const eligible = (id: number): boolean => alive(id) && partition.isr.includes(id);
  const hasMajority = quorumSets(partition).every((set) => set.filter(eligible).length > set.length / 2);
  if (hasMajority) return 'kept';
  // Replicas that had lost their disks and not caught up yet are the last resort: they may have nothing.
  const left = partition.replicas.filter(eligible);
  const survivors = left.length > 0 ? left : partition.replicas.filter(alive);
  if (survivors.length === 0) return 'lost';
  return {
    replicas: survivors,
    isr: survivors,
    adding: [],
    removing: [],
    wanted: [],
    election: 'needed',
    newEpoch: true,
  };
}
