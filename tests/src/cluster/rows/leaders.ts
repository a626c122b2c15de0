// Who leads what before and after a fault: how rows choose their victims, and how they know that a fault did bite.
import { electLeadersApi } from '@tidemark/wire';
import { eventually } from '../../harness/eventually.js';
import type { BrokerCluster, PartitionView } from '../../harness/broker-cluster.js';
import { WireConnection } from '../../harness/wire-connection.js';

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

/** Leadership goes to the first replica of each partition; resolves with the partitions when it is there. */
export async function preferredLead(
  cluster: BrokerCluster,
  topic: string,
): Promise<readonly PartitionView[]> {
  const isThere = ({ leader, replicas }: PartitionView): boolean => leader === replicas[0];
  return eventually(
    async () => {
      const now = await cluster.partitions(topic);
      if (now.length > 0 && now.every(isThere)) return now;
      await electPreferred(cluster, topic, now).catch(() => undefined);
      return undefined;
    },
    30_000,
    `the first replicas of ${topic} lead`,
  );
}

async function electPreferred(
  cluster: BrokerCluster,
  topic: string,
  views: readonly PartitionView[],
): Promise<void> {
  const connection = await WireConnection.open(cluster.broker(await cluster.controllerKnown()).address);
  try {
    const partitions = views.map(({ partition }) => partition);
    const question = { electionType: 0, topicPartitions: [{ topic, partitions }], timeoutMs: 5_000 };
    await connection.request(electLeadersApi, 1, question);
  } finally {
    connection.close();
  }
}
