/** `tidemark brokers`: who is in the cluster, what each does, and `add` and `remove`. */
import { describeClusterApi } from '@tidemark/wire';
import type { Command } from 'commander';
import { adminsOf, askAdmin } from '../../brokers/broker-admin.js';
import { readCluster } from '../../brokers/cluster-file.js';
import { paintState } from '../../console/console.js';
import { renderTable } from '../../console/table.js';
import { assertNoError, type ClusterClient } from '../../kafka/cluster-client.js';
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
  /** One of the voters of the metadata quorum; null where the home does not say (TIDEMARK_BROKERS). */
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
          one.controller ? 'controller' : one.voter === false ? 'observer' : 'voter',
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
  const voters = readCluster(home)?.brokers.filter(({ voter }) => voter);
  const partitions = (await cluster.topics()).flatMap((topic) => topic.partitions);
  const count = (holds: (one: (typeof partitions)[number]) => boolean): number =>
    partitions.filter(holds).length;
  return answer.brokers
    .map(({ brokerId: id, host, port, isFenced }): BrokerView => ({
      id,
      address: `${host}:${port}`,
      state: isFenced ? 'fenced' : stopping.has(id) ? 'stopping' : 'alive',
      controller: id === answer.controllerId,
      voter: voters === undefined ? null : voters.some((voter) => voter.id === id),
      leaders: count(({ leader }) => leader === id),
      replicas: count(({ replicas }) => replicas.includes(id)),
      inSync: count(({ isr }) => isr.includes(id)),
    }))
    .sort((a, b) => a.id - b.id);
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
