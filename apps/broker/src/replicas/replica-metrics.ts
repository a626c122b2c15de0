/**
 * What operators ask of replication: how many partitions are led here, how many of them lack replicas, how far each
 * follower is behind, how much is committed. Counted over the replicas when somebody asks; labels are broker ids, never
 * topics or clients, so that there are as many series as brokers.
 */
import { Gauge, type Registry } from 'prom-client';
import type { Replica } from './replica.js';

export interface ReplicaFigures {
  leading: number;
  following: number;
  repairing: number;
  /** Of all partitions led here. */
  inSync: number;
  underReplicated: number;
  underMinInSync: number;
  /** Records below the high watermarks of the partitions led here. */
  committed: number;
  /** Records that the follower lacks of the partition in which it lacks most; by broker. */
  readonly lag: Map<number, number>;
}

export function replicaFigures(replicas: Iterable<Replica>): ReplicaFigures {
  const figures: ReplicaFigures = {
    ...{
      leading: 0,
      following: 0,
      repairing: 0,
      inSync: 0,
      underReplicated: 0,
      underMinInSync: 0,
      committed: 0,
    },
    lag: new Map(),
  };
  for (const replica of replicas) {
    const { leadership } = replica;
    if (replica.following !== undefined) figures.following += 1;
    if (replica.repairing) figures.repairing += 1;
    if (leadership === undefined) continue;
    const { followers, inSyncCount } = leadership;
    figures.leading += 1;
    figures.inSync += inSyncCount;
    if (inSyncCount < followers.length + 1) figures.underReplicated += 1;
    if (!replica.hasEnoughInSync) figures.underMinInSync += 1;
    figures.committed += replica.highWatermark - replica.logStartOffset;
    for (const { brokerId, fetchOffset } of followers) {
      const behind = replica.logEndOffset - Math.max(fetchOffset, replica.logStartOffset);
      figures.lag.set(brokerId, Math.max(behind, figures.lag.get(brokerId) ?? 0));
    }
  }
  return figures;
}

const GAUGES: readonly (readonly [string, string, (figures: ReplicaFigures) => number])[] = [
  ['leading_partitions', 'Partitions led here', (figures) => figures.leading],
  ['following_partitions', 'Partitions copied from their leaders', (figures) => figures.following],
  ['repairing_partitions', 'Damaged partitions that are copied anew', (figures) => figures.repairing],
  ['in_sync_replicas', 'Replicas in sync, over all partitions led here', (figures) => figures.inSync],
  ['under_replicated_partitions', 'Partitions led here with replicas not in sync', (f) => f.underReplicated],
  ['under_min_isr_partitions', 'Partitions led here that refuse acks=all', (f) => f.underMinInSync],
  ['committed_records', 'Records committed in partitions led here', (figures) => figures.committed],
];

export function addReplicaMetrics(registry: Registry, replicas: () => Iterable<Replica>): void {
  for (const [name, help, value] of GAUGES) {
    const gauge: Gauge = new Gauge({
      name: `tidemark_broker_${name}`,
      help,
      registers: [registry],
      collect: () => gauge.set(value(replicaFigures(replicas()))),
    });
  }
  const lag: Gauge = new Gauge({
    name: 'tidemark_broker_follower_lag_records_max',
    help: 'Records that a follower lacks of the partition led here in which it lacks most',
    labelNames: ['follower'],
    registers: [registry],
    collect: () => {
      lag.reset();
      for (const [follower, records] of replicaFigures(replicas()).lag) lag.set({ follower }, records);
    },
  });
}
