/** A partition for specs: one replica on broker 1 that leads, where the spec does not say otherwise. */
import type { PartitionImage } from '../controller/metadata-image.js';

export function partitionImage(image: Partial<PartitionImage> = {}): PartitionImage {
  const { replicas = [1] } = image;
  return {
    partition: 0,
    leader: replicas[0] ?? -1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    replicas,
    isr: replicas,
    elr: [],
    lastKnownElr: [],
    adding: [],
    removing: [],
    wanted: [],
    recovering: false,
    replicaSince: replicas.map(() => 0),
    ...image,
  };
}
