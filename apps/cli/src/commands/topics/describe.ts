/** `tidemark topics describe NAME`: who leads each partition, who follows how closely, and by which protocol. */
import { describeConfigsApi, describeTopicPartitionsApi, offsetForLeaderEpochApi } from '@tidemark/wire';
import type { Command } from 'commander';
import { adminsOf, askAdmin } from '../../brokers/broker-admin.js';
import { renderTable } from '../../console/table.js';
import { assertNoError, EARLIEST, LATEST, type ClusterClient } from '../../kafka/cluster-client.js';
import { homeFromEnvironment } from '../../stack/home.js';
import { command } from '../command.js';
import { withCluster } from './with-cluster.js';

interface PartitionDescription {
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly elr: readonly number[];
  readonly startOffset: number | null;
  readonly highWatermark: number | null;
  /** The leader's log end; between it and the high watermark lies what is not committed. */
  readonly endOffset: number | null;
  /** How far each follower is, as the leader knows it; null where the leader cannot be asked. */
  readonly followers: readonly FollowerView[] | null;
}

interface FollowerView {
  readonly broker: number;
  /** -1: it has not asked this leader yet. */
  readonly endOffset: number;
  /** Records that it lacks. */
  readonly lag: number | null;
}

interface TopicDescription {
  readonly name: string;
  readonly id: string;
  readonly protocol: string;
  readonly minInSync: number;
  readonly partitions: readonly PartitionDescription[];
}

const TOPIC_RESOURCE = 2;

export function describeCommand(): Command {
  return command(
    'describe <name>',
    'show leaders, replicas and offsets of a topic',
    async ({ console, ...call }) => {
      const topic = await withCluster((cluster) => describe(cluster, call.arguments[0] ?? ''));
      console.line(
        `${topic.name}  ${topic.protocol}, min.insync.replicas ${topic.minInSync}, id ${topic.id}`,
      );
      console.line();
      console.line(
        renderTable(
          ['PARTITION', 'LEADER', 'EPOCH', 'REPLICAS', 'ISR', 'ELR', 'START', 'HIGH WATERMARK', 'END', 'LAG'],
          topic.partitions.map((one) => [
            String(one.partition),
            one.leader < 0 ? 'none' : String(one.leader),
            String(one.leaderEpoch),
            one.replicas.join(','),
            one.isr.join(','),
            one.elr.join(',') || '-',
            text(one.startOffset),
            text(one.highWatermark),
            text(one.endOffset),
            one.followers?.map(({ broker, lag }) => `${broker}:${lag ?? '?'}`).join(' ') ?? '-',
          ]),
        ),
      );
      console.document(topic);
    },
  );
}

const text = (offset: number | null): string => offset?.toString() ?? '-';

async function describe(cluster: ClusterClient, name: string): Promise<TopicDescription> {
  const [info] = await cluster.topics([name]);
  const { topics } = await cluster.ask(describeTopicPartitionsApi, { topics: [{ name }] });
  const topic = topics[0];
  assertNoError(topic?.errorCode ?? 0, `topic ${name}`);
  const configs = await configsOf(cluster, name);
  const known = info === undefined ? [] : [info];
  const starts = await cluster.offsets(known, EARLIEST);
  const marks = await cluster.offsets(known, LATEST);
  const followersOf = askLeaders(name);
  const partitions: PartitionDescription[] = [];
  for (const one of topic?.partitions ?? []) {
    const { partitionIndex: partition, leaderId: leader, leaderEpoch } = one;
    partitions.push({
      partition,
      leader,
      leaderEpoch,
      replicas: one.replicaNodes,
      isr: one.isrNodes,
      elr: one.eligibleLeaderReplicas ?? [],
      startOffset: starts.get(`${name}/${partition}`) ?? null,
      highWatermark: marks.get(`${name}/${partition}`) ?? null,
      endOffset: leader < 0 ? null : await endOf(cluster, leader, name, partition, leaderEpoch),
      followers: await followersOf(leader, partition),
    });
  }
  return {
    name,
    id: topic?.topicId ?? '',
    protocol: configs.get('replication.protocol') ?? 'primary-backup',
    minInSync: Number(configs.get('min.insync.replicas') ?? 1),
    partitions: partitions.sort((a, b) => a.partition - b.partition),
  };
}

async function configsOf(cluster: ClusterClient, name: string): Promise<Map<string, string>> {
  const { results } = await cluster.ask(describeConfigsApi, {
    resources: [{ resourceType: TOPIC_RESOURCE, resourceName: name, configurationKeys: null }],
    includeSynonyms: false,
    includeDocumentation: false,
  });
  return new Map((results[0]?.configs ?? []).map(({ name: config, value }) => [config, value ?? '']));
}

/** Where the leader's own epoch ends is where its log ends. Nothing where it is not said. */
async function endOf(
  cluster: ClusterClient,
  leader: number,
  topic: string,
  partition: number,
  leaderEpoch: number,
): Promise<number | null> {
  const asked = { partition, currentLeaderEpoch: leaderEpoch, leaderEpoch };
  const { topics } = await cluster.call(leader, offsetForLeaderEpochApi, {
    replicaId: -2,
    topics: [{ topic, partitions: [asked] }],
  });
  const end = topics[0]?.partitions[0]?.endOffset ?? -1;
  return end < 0 ? null : end;
}

interface AdminTopic {
  readonly partitions: readonly {
    readonly logEndOffset: number | null;
    readonly followers: readonly { readonly brokerId: number; readonly logEndOffset: number }[] | null;
  }[];
}

/** Asks each leader once, by its admin HTTP: in Kafka's protocol only it knows, and nobody can ask. */
function askLeaders(topic: string): (leader: number, partition: number) => Promise<FollowerView[] | null> {
  const admins = adminsOf(homeFromEnvironment());
  const asked = new Map<number, Promise<AdminTopic | undefined>>();
  return async (leader, partition) => {
    const admin = admins.find(({ id }) => id === leader);
    if (admin === undefined) return null;
    const answer = asked.get(leader) ?? askAdmin<AdminTopic>(admin, `/topics/${topic}`);
    asked.set(leader, answer);
    const { logEndOffset, followers } = (await answer)?.partitions[partition] ?? {};
    if (logEndOffset === undefined || logEndOffset === null) return null;
    return (
      followers?.map(({ brokerId, logEndOffset: end }) => ({
        broker: brokerId,
        endOffset: end,
        lag: end < 0 ? null : logEndOffset - end,
      })) ?? null
    );
  };
}
