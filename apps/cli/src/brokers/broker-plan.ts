/**
 * The plan of one broker: who it is in its cluster, where it listens and keeps its data. Made for every broker of the
 * cluster file at `up`, and for one more by `brokers add`.
 */
import { LOOPBACK, type BrokerPorts, type Ports } from '../stack/ports.js';
import {
  brokerDataDirectory,
  directoryIdToGive,
  markFormatted,
  votersText,
  type ClusterFile,
} from './cluster-file.js';
import type { Home } from '../stack/home.js';
import type { ProcessPlan } from '../supervisor/process-plan.js';

export const brokerName = (id: number): string => `broker-${id}`;

export const brokerIdOf = (name: string): number => Number(/^broker-(\d+)$/.exec(name)?.[1] ?? Number.NaN);

/** `host:port,…` of every broker, for clients. */
export function bootstrapOf(ports: Ports): string {
  return Object.values(ports.brokers)
    .map(({ kafka }) => `${LOOPBACK}:${kafka}`)
    .join(',');
}

/** `base` is what all Node programs of the stack have in common. */
export function brokerPlan(
  home: Home,
  cluster: ClusterFile,
  ports: Ports,
  id: number,
  base: ProcessPlan,
): ProcessPlan {
  const portsOf = (broker: number): BrokerPorts => ports.brokers[broker] ?? { kafka: 0, admin: 0 };
  const listen = `${LOOPBACK}:${portsOf(id).kafka}`;
  const voters = votersText(cluster, (voter) => `${LOOPBACK}:${portsOf(voter).kafka}`);
  const replicas = Math.min(3, cluster.brokers.length);
  return {
    ...base,
    environment: {
      ...base.environment,
      TIDEMARK_NODE_ID: String(id),
      TIDEMARK_CLUSTER_ID: cluster.clusterId,
      ...(voters === '' ? {} : { TIDEMARK_VOTERS: voters }),
      TIDEMARK_DATA: brokerDataDirectory(home, id),
      TIDEMARK_LISTEN: listen,
      TIDEMARK_ADVERTISED: listen,
      TIDEMARK_ADMIN_LISTEN: `${LOOPBACK}:${portsOf(id).admin}`,
      TIDEMARK_KAFKA_DEFAULT_REPLICATION_FACTOR: String(replicas),
      // The platform creates its own topics with the right number of partitions; a typing error must not.
      TIDEMARK_KAFKA_AUTO_CREATE_TOPICS_EXCLUDE: 'tidemark.',
      TIDEMARK_KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    },
    environmentNow: (): Record<string, string> => {
      const directoryId = directoryIdToGive(home, id);
      return directoryId === undefined ? {} : { TIDEMARK_DIRECTORY_ID: directoryId };
    },
    probe: async (run) => {
      const isReady = await base.probe({ ...run, addresses: { http: run.addresses.admin ?? '' } });
      if (isReady) markFormatted(home, id);
      return isReady;
    },
    address: (run) => run.addresses.kafka ?? listen,
  };
}
