/** `tidemark brokers`: who is in the cluster, what each does, and `add` and `remove`. */
import { describeClusterApi, describeQuorumApi } from '@tidemark/wire';
import type { Command } from 'commander';
import { adminsOf, askAdmin } from '../../brokers/broker-admin.js';
import { paintState } from '../../console/console.js';
import { renderTable } from '../../console/table.js';
import { assertNoError, type ClusterClient } from '../../kafka/cluster-client.js';
import { BrokerGone } from '../../kafka/wire-client.js';
import { homeFromEnvironment, type Home } from '../../stack/home.js';
import { command } from '../command.js';
import { withCluster } from '../topics/with-cluster.js';
import { addCommand } from './add.js';
import { removeCommand } from './remove.js';

export interface BrokerView {
  readonly id: number;
  readonly address: string;
  /** `stopping`: its leadership is moving away before it ends. Seen where the home has brokers to ask. */
  readonly state: 'alive' | 'stopping' | 'fenced';
  readonly controller: boolean;
  /**
   * Votes in the metadata quorum; one of its voters that came back on another disk does not. null: nobody could say, at
   * the moment without a controller.
   */
  readonly voter: boolean | null;
  readonly leaders: number;
  readonly replicas: number;
  /** Replicas that are in sync. */
  readonly inSync: number;
}

export function brokersCommand(): Command {
  const brokers = command('brokers', 'list the brokers of the cluster', async ({ console }) => {
    const views = await withCluster(readBrokers);
    console.line(
      renderTable(
        ['ID', 'ADDRESS', 'STATE', 'ROLE', 'LEADS', 'REPLICAS', 'IN SYNC'],
        views.map((one) => [
          String(one.id),
          one.address,
          paintState(one.state),
          one.controller ? 'controller' : one.voter === null ? '' : one.voter ? 'voter' : 'observer',
          String(one.leaders),
          String(one.replicas),
          String(one.inSync),
        ]),
      ),
    );
    console.document(views);
  });
  // Options after a subcommand's name are the subcommand's.
  return brokers.enablePositionalOptions().addCommand(addCommand()).addCommand(removeCommand());
}

export async function readBrokers(cluster: ClusterClient): Promise<BrokerView[]> {
  const answer = await cluster.ask(describeClusterApi, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: true,
  });
  assertNoError(answer.errorCode, answer.errorMessage ?? 'the cluster');
  const home = homeFromEnvironment();
  const stopping = await stoppingBrokers(home);
  const voters = await votersBy(cluster, answer.controllerId);
  const partitions = (await cluster.topics()).flatMap((topic) => topic.partitions);
  const count = (holds: (one: (typeof partitions)[number]) => boolean): number =>
    partitions.filter(holds).length;
  return answer.brokers
    .map(({ brokerId: id, host, port, isFenced }): BrokerView => ({
      id,
      address: `${host}:${port}`,
      state: isFenced ? 'fenced' : stopping.has(id) ? 'stopping' : 'alive',
      controller: id === answer.controllerId,
      voter: voters?.has(id) ?? null,
      leaders: count(({ leader }) => leader === id),
      replicas: count(({ replicas }) => replicas.includes(id)),
      inSync: count(({ isr }) => isr.includes(id)),
    }))
    .sort((a, b) => a.id - b.id);
}

/** Whom the controller knows as voters, by id; a voter on another disk is an observer to it. */
async function votersBy(cluster: ClusterClient, controller: number): Promise<Set<number> | undefined> {
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];
  try {
    const answer = await cluster.call(controller, describeQuorumApi, { topics });
    const found = answer.topics[0]?.partitions[0];
    if (found === undefined || found.currentVoters.length === 0) return undefined;
    const voters = new Set(found.currentVoters.map(({ replicaId }) => replicaId));
    for (const { replicaId } of found.observers) voters.delete(replicaId);
    return voters;
  } catch (cause) {
    if (cause instanceof BrokerGone) return undefined;
    throw cause;
  }
}

interface AdminBrokers {
  readonly controllerId: number;
  readonly brokers: readonly { readonly id: number; readonly inControlledShutdown: boolean }[];
}

/** The controller knows first; who does not answer is passed over. Kafka's protocol does not say it. */
async function stoppingBrokers(home: Home): Promise<ReadonlySet<number>> {
  const admins = adminsOf(home);
  const answers = await Promise.all(
    admins.map(async (admin) => ({ id: admin.id, said: await askAdmin<AdminBrokers>(admin, '/brokers') })),
  );
  const heard = answers.filter(({ said }) => said !== undefined);
  const { said } = heard.find(({ id, said: one }) => one?.controllerId === id) ?? heard[0] ?? {};
  return new Set(
    said?.brokers.filter(({ inControlledShutdown }) => inControlledShutdown).map(({ id }) => id),
  );
}
