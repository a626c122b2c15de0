/**
 * `tidemark topics recover NAME --partition P --accept-data-loss`: a partition whose leader or majority is gone for good
 * goes on with what is left of it (an unclean election). Refused by the controller while it can go on without loss.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { electLeadersApi } from '@tidemark/wire';
import type { Command } from 'commander';
import { Fault } from '../../console/fault.js';
import { assertNoError, type ClusterClient, type PartitionInfo } from '../../kafka/cluster-client.js';
import { command } from '../command.js';
import { withCluster } from './with-cluster.js';

interface RecoverOptions {
  readonly partition?: string;
  readonly acceptDataLoss?: boolean;
}

const UNCLEAN = 1;
const DECIDED_WITHIN_MS = 10_000;
const LED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

export function recoverCommand(): Command {
  return command<RecoverOptions>(
    'recover <name>',
    'go on with what is left of a partition whose majority is gone for good',
    async ({ console, options, ...call }) => {
      const name = call.arguments[0] ?? '';
      const partition = partitionOf(options.partition);
      const { before, after } = await withCluster(async (cluster) => {
        const found = await find(cluster, name, partition);
        if (options.acceptDataLoss !== true) throw refusal(name, found);
        return { before: found, after: await recover(cluster, name, found) };
      });
      const gone = before.replicas.filter((id) => !after.replicas.includes(id));
      console.line(
        `${name}/${partition} is led by broker ${after.leader} in epoch ${after.leaderEpoch}; replicas ${after.replicas.join(',')}`,
      );
      if (gone.length > 0) {
        console.line(
          `What only broker ${gone.join(', ')} had is lost. Give it its replicas back: tidemark topics reassign ${name} --brokers ...`,
        );
      }
      console.document({ topic: name, ...after, givenUp: gone });
    },
  )
    .option('--partition <number>', 'the partition')
    .option('--accept-data-loss', 'what only the replicas had that are gone is lost, acknowledged or not');
}

function partitionOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new Fault('--partition must be a number');
  return Number(text);
}

function refusal(name: string, { partition, replicas, leader }: PartitionInfo): Fault {
  const led = leader < 0 ? 'nobody leads it' : `broker ${leader} leads it`;
  return new Fault(
    `${name}/${partition} has replicas on brokers ${replicas.join(', ')}, and ${led}. To go on with those that are alive ` +
      'gives up whatever only the others have, acknowledged records among it. Bring a broker back if that can be done; ' +
      'if it cannot, say --accept-data-loss',
  );
}

async function find(cluster: ClusterClient, name: string, partition: number): Promise<PartitionInfo> {
  const [topic] = await cluster.topics([name]);
  const found = topic?.partitions.find((one) => one.partition === partition);
  if (found === undefined) throw new Fault(`${name} has no partition ${partition}`);
  return found;
}

async function recover(cluster: ClusterClient, name: string, before: PartitionInfo): Promise<PartitionInfo> {
  const { partition } = before;
  const answer = await cluster.ask(electLeadersApi, {
    electionType: UNCLEAN,
    topicPartitions: [{ topic: name, partitions: [partition] }],
    timeoutMs: DECIDED_WITHIN_MS,
  });
  assertNoError(answer.errorCode, `${name}/${partition}`);
  const [result] = answer.replicaElectionResults.flatMap(({ partitionResult }) => partitionResult);
  if (result !== undefined && result.errorCode !== 0)
    throw new Fault(`${name}/${partition}: ${result.errorMessage ?? `error ${result.errorCode}`}`);
  const deadline = Date.now() + LED_WITHIN_MS;
  for (;;) {
    const after = await find(cluster, name, partition);
    if (after.leader >= 0 && after.leaderEpoch > before.leaderEpoch) return after;
    if (Date.now() > deadline)
      throw new Fault(
        `${name}/${partition} has no leader yet: tidemark topics describe ${name} says when it has`,
      );
    await delay(LOOK_EVERY_MS);
  }
}
