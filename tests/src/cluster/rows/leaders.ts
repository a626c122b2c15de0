// Who leads what before and after a fault: how rows choose their victims, and how they know that a fault did bite.
import { eventually } from '../../harness/eventually.js';
import type { BrokerCluster, PartitionView } from '../../harness/broker-cluster.js';

export const leadersOf = (partitions: readonly PartitionView[]): number[] =>
  [...new Set(partitions.map(({ leader }) => leader))].filter((node) => node >= 0).sort();

/** Every partition that `victim` led is led by another, at a higher epoch. */
export async function hasNewLeaders(
  cluster: BrokerCluster,
  topic: string,
  before: readonly PartitionView[],
  victim: number,
  timeoutMs = 30_000,
): Promise<{ bit: boolean; why: string }> {
  const led = before.filter(({ leader }) => leader === victim);
  const moved = await eventually(
    async () => {
      const now = await cluster.partitions(topic);
      const all = led.every(({ partition, leaderEpoch }) => {
        const found = now[partition];
        return found !== undefined && found.leader >= 0 && found.leaderEpoch > leaderEpoch;
      });
      return all ? now : undefined;
    },
    timeoutMs,
    `partitions of broker ${victim} have new leaders`,
  );
  const epochs = led.map(({ partition, leaderEpoch }) => `${leaderEpoch}->${moved[partition]?.leaderEpoch}`);
  return { bit: led.length > 0, why: `${led.length} partitions moved, epochs ${epochs.join(' ')}` };
}
