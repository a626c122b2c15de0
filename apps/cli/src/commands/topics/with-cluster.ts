/** Opens the cluster for one command and closes it, whatever happens. */
import { ClusterClient } from '../../kafka/cluster-client.js';
import { findBrokers } from '../../stack/target.js';

export async function withCluster<Result>(
  work: (cluster: ClusterClient) => Promise<Result>,
): Promise<Result> {
  const cluster = await ClusterClient.open(findBrokers());
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}
