/**
 * `tidemark brokers remove ID`: moves what the broker has to the others, stops it in order, and takes it out of the
 * cluster. May be called again when it was interrupted: what is done already is not done twice.
 */
import { unregisterBrokerApi } from '@tidemark/wire';
import type { Command } from 'commander';
import { brokerDataDirectory, readCluster } from '../../brokers/cluster-file.js';
import { Fault } from '../../console/fault.js';
import { assertNoError, type ClusterClient } from '../../kafka/cluster-client.js';
import { movesAway, reassign } from '../../kafka/reassignment.js';
import { homeFromEnvironment, type Home } from '../../stack/home.js';
import { findSupervisor, removeBroker } from '../../supervisor/control-client.js';
import { command } from '../command.js';
import { withCluster } from '../topics/with-cluster.js';
import { readBrokers } from './brokers.js';

export function removeCommand(): Command {
  return command(
    'remove <id>',
    'move the data of a broker away and take it out of the cluster',
    async (call) => {
      const { console } = call;
      const home = homeFromEnvironment();
      const id = removable(home, call.arguments[0] ?? '');
      const supervisor = findSupervisor(home);
      if (supervisor === undefined) throw new Fault('no supervisor is running: "tidemark up" starts one');
      const moved = await withCluster((cluster) => moveAway(cluster, id, (line) => console.progress(line)));
      console.progress(`broker-${id} stops`);
      await removeBroker(supervisor, id);
      await withCluster(async (cluster) => {
        const { errorCode, errorMessage } = await cluster.ask(unregisterBrokerApi, { brokerId: id });
        assertNoError(errorCode, errorMessage ?? `broker ${id}`);
      });
      const directory = brokerDataDirectory(home, id);
      console.line(`broker ${id} is no longer in the cluster; its directory ${directory} can be deleted`);
      console.document({ id, partitionsMoved: moved, directory });
    },
  );
}

/** The id of a broker that may go. Throws a `Fault` that says why it may not. */
export function removable(home: Home, text: string): number {
  const cluster = readCluster(home);
  const broker = cluster?.brokers.find(({ id }) => String(id) === text);
  if (broker === undefined) throw new Fault(`there is no broker '${text}' in ${home.root}`);
  if (broker.voter) {
    throw new Fault(
      `broker ${broker.id} is a voter of the metadata quorum, whose voters are fixed when the cluster is made: only brokers that were added can be removed`,
    );
  }
  return broker.id;
}

async function moveAway(cluster: ClusterClient, id: number, report: (line: string) => void): Promise<number> {
  const brokers = await readBrokers(cluster);
  const others = brokers.filter((one) => one.id !== id && one.state === 'alive').map((one) => one.id);
  const moves = movesAway(await cluster.topics(), id, others);
  await reassign(cluster, moves, (left) => {
    report(`${moves.length - left} of ${moves.length} partitions have left broker ${id}`);
  });
  return moves.length;
}
