/**
 * `tidemark topics recover NAME --partition P --accept-data-loss`, or `--all` for every partition that nobody leads: what
 * has lost its leader or its majority for good goes on with what is left of it (an unclean election). Refused by the
 * controller while it can go on without loss.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { electLeadersApi } from '@tidemark/wire';
import type { Command } from 'commander';
import type { Console } from '../../console/console.js';
import { Fault } from '../../console/fault.js';
import { assertNoError, type ClusterClient, type PartitionInfo } from '../../kafka/cluster-client.js';
import { command } from '../command.js';
import { withCluster } from './with-cluster.js';

interface RecoverOptions {
  readonly partition?: string;
  readonly all?: boolean;
  readonly acceptDataLoss?: boolean;
}

interface Place extends PartitionInfo {
  readonly topic: string;
}

interface Recovered extends Place {
  /** Brokers whose replicas are given up. */
  readonly givenUp: readonly number[];
}

const UNCLEAN = 1;
const DECIDED_WITHIN_MS = 30_000;
const LED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;

export function recoverCommand(): Command {
  return command<RecoverOptions>(
    'recover [name]',
    'go on with what is left of a partition whose majority is gone for good',
    async ({ console, options, ...call }) => {
      const name = call.arguments[0];
      const recovered = await withCluster(async (cluster) => {
        const places = await placesOf(cluster, name, options);
        if (options.acceptDataLoss !== true && places.length > 0) throw refusal(places);
        return recover(cluster, places);
      });
      print(recovered, console);
      console.document(options.all === true ? recovered : recovered[0]);
    },
  )
    .option('--partition <number>', 'the partition')
    .option('--all', 'every partition that has no leader, of all topics or of the named one')
    .option('--accept-data-loss', 'what only the replicas had that are gone is lost, acknowledged or not');
}

const topicsOf = (places: readonly Place[]): string[] => [...new Set(places.map(({ topic }) => topic))];
const labelOf = ({ topic, partition }: Place): string => `${topic}/${partition}`;

async function placesOf(
  cluster: ClusterClient,
  name: string | undefined,
  { partition, all }: RecoverOptions,
): Promise<Place[]> {
  if (all === true && partition !== undefined) throw new Fault('--all and --partition exclude each other');
  if (all !== true && name === undefined) throw new Fault('name a topic, or say --all');
  const topics = await cluster.topics(name === undefined ? undefined : [name]);
  const places = topics.flatMap(({ name: topic, partitions }) =>
    partitions.map((one) => ({ topic, ...one })),
  );
  if (all === true) return places.filter(({ leader }) => leader < 0);
  const number = partitionOf(partition);
  const found = places.find((one) => one.partition === number);
  if (found === undefined) throw new Fault(`${name ?? ''} has no partition ${number}`);
  return [found];
}

function partitionOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new Fault('--partition must be a number');
  return Number(text);
}

function refusal(places: readonly Place[]): Fault {
  const [{ replicas, leader }] = places as [Place];
  const led = leader < 0 ? 'nobody leads it' : `broker ${leader} leads it`;
  const what =
    places.length === 1
      ? `${places.map(labelOf).join('')} has replicas on brokers ${replicas.join(', ')}, and ${led}`
      : `${places.length} partitions have no leader (${places.slice(0, 3).map(labelOf).join(', ')}, ...)`;
  return new Fault(
    `${what}. To go on with those that are alive gives up whatever only the others have, acknowledged records among it. ` +
      'Bring a broker back if that can be done; if it cannot, say --accept-data-loss',
  );
}

async function recover(cluster: ClusterClient, places: readonly Place[]): Promise<Recovered[]> {
  if (places.length === 0) return [];
  const answer = await cluster.ask(electLeadersApi, {
    electionType: UNCLEAN,
    topicPartitions: topicsOf(places).map((topic) => ({
      topic,
      partitions: places.filter((one) => one.topic === topic).map(({ partition }) => partition),
    })),
    timeoutMs: DECIDED_WITHIN_MS,
  });
  assertNoError(answer.errorCode, 'the election');
  for (const { topic, partitionResult } of answer.replicaElectionResults) {
    for (const { partitionId, errorCode, errorMessage } of partitionResult)
      if (errorCode !== 0)
        throw new Fault(`${topic}/${partitionId}: ${errorMessage ?? `error ${errorCode}`}`);
  }
  return ledAgain(cluster, places);
}

async function ledAgain(cluster: ClusterClient, places: readonly Place[]): Promise<Recovered[]> {
  const deadline = Date.now() + LED_WITHIN_MS;
  for (;;) {
    const topics = new Map(
      (await cluster.topics(topicsOf(places))).map(({ name, partitions }) => [name, partitions]),
    );
    const left: Place[] = [];
    const recovered: Recovered[] = [];
    for (const before of places) {
      const after = topics.get(before.topic)?.find(({ partition }) => partition === before.partition);
      if (after === undefined || after.leader < 0 || after.leaderEpoch <= before.leaderEpoch)
        left.push(before);
      else {
        const givenUp = before.replicas.filter((id) => !after.replicas.includes(id));
        recovered.push({ topic: before.topic, ...after, givenUp });
      }
    }
    if (left.length === 0) return recovered;
    if (Date.now() > deadline)
      throw new Fault(`no leader yet: ${left.map(labelOf).join(', ')}; "tidemark topics describe" says when`);
    await delay(LOOK_EVERY_MS);
  }
}

function print(recovered: readonly Recovered[], console: Console): void {
  if (recovered.length === 0) console.line('Every partition has a leader.');
  for (const one of recovered) {
    const { leader, leaderEpoch, replicas } = one;
    console.line(
      `${labelOf(one)} is led by broker ${leader} in epoch ${leaderEpoch}; replicas ${replicas.join(',')}`,
    );
  }
  const gone = [...new Set(recovered.flatMap(({ givenUp }) => givenUp))].sort((a, b) => a - b);
  if (gone.length === 0) return;
  console.line(
    `What only broker ${gone.join(', ')} had is lost. Give them their replicas back: tidemark topics reassign NAME --brokers ...`,
  );
}
