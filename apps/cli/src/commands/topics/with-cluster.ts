/**
 * Opens the cluster for one command and closes it, whatever happens. A command whose broker dies under it begins anew
 * with those that live: what commands do is asked for by what is to be, so that to ask twice does no harm.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterClient } from '../../kafka/cluster-client.js';
import { BrokerGone } from '../../kafka/wire-client.js';
import { findBrokers } from '../../stack/target.js';

/** Several elections long. */
const AGAIN_WITHIN_MS = 10_000;
const PAUSE_MS = 300;

export async function withCluster<Result>(
  work: (cluster: ClusterClient) => Promise<Result>,
): Promise<Result> {
  const addresses = findBrokers();
  for (const deadline = Date.now() + AGAIN_WITHIN_MS; ;) {
    const cluster = await ClusterClient.open(addresses);
    try {
      return await work(cluster);
    } catch (cause) {
      if (!(cause instanceof BrokerGone) || Date.now() > deadline) throw cause;
      await delay(PAUSE_MS);
    } finally {
      await cluster.close();
    }
  }
}
