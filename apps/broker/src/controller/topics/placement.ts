/**
 * Which brokers hold which partition. Pure and deterministic: the same brokers and loads give the same placement.
 * Leaders go round the brokers beginning at the one that leads least; followers are shifted further at each round, so
 * that the partitions of one dead leader are taken over by different brokers (the scheme of Kafka's classic
 * `AdminUtils`).
 */

export interface BrokerLoad {
  readonly brokerId: number;
  /** Partitions that it is the preferred leader of. */
  readonly leads: number;
}

/** Replica lists for partitions `first` .. `first + count - 1`; needs `replicationFactor` <= number of brokers. */
export function placePartitions(
  brokers: readonly BrokerLoad[],
  replicationFactor: number,
  first: number,
  count: number,
): number[][] {
  const byLoad = [...brokers].sort((one, other) => one.leads - other.leads || one.brokerId - other.brokerId);
  const size = byLoad.length;
  const at = (index: number): number => byLoad[index % size]?.brokerId ?? -1;
  const placement: number[][] = [];
  for (let index = 0; index < count; index++) {
    const shift = Math.floor((first + index) / size);
    const replicas = [at(index)];
    for (let follower = 1; follower < replicationFactor; follower++) {
      const step = 1 + ((shift + follower - 1) % (size - 1));
      replicas.push(at(index + step));
    }
    placement.push(replicas);
  }
  return placement;
}
