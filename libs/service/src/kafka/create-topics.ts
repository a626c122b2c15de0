/**
 * Makes the topics that are missing, fitted to the cluster at hand: three replicas where there are three brokers, fewer
 * where there are fewer, and the replication protocol only told to brokers that know of one. So the same table of
 * topics serves one broker, a cluster of them, and Apache Kafka. Called by KafkaAdmin, which repeats what fails.
 */
import kafkajs from 'kafkajs';
import type { Admin, ITopicConfig } from 'kafkajs';
import type { TopicSpec } from '../topics/topics.js';
import { TopicsError } from '../topics/topics.js';
import { protocolErrorType } from './kafka-client.js';

export const REPLICATION_PROTOCOL = 'replication.protocol';
const MIN_INSYNC_REPLICAS = 'min.insync.replicas';

/** Rejects with `mismatch` when the cluster refuses for good, else with what kafkajs says. */
export async function createMissing(admin: Admin, specs: readonly TopicSpec[]): Promise<void> {
  const there = new Set(await admin.listTopics());
  const missing = specs.filter((spec) => !there.has(spec.name));
  // Whether there is a choice of protocols is read from a topic, so those that need none come first.
  const plain = missing.filter(({ replication }) => replication !== 'quorum');
  const quorum = missing.filter(({ replication }) => replication === 'quorum');
  await create(admin, plain, false);
  if (quorum.length > 0) await create(admin, quorum, await offersProtocols(admin));
}

async function create(admin: Admin, specs: readonly TopicSpec[], protocols: boolean): Promise<void> {
  if (specs.length === 0) return;
  const fault = await attempt(
    admin,
    specs.map((spec) => topicOf(spec, Number.POSITIVE_INFINITY, protocols)),
  );
  if (fault === undefined) return;
  if (!partsOf(fault).some((part) => protocolErrorType(part) === 'INVALID_REPLICATION_FACTOR')) {
    throw refusal(fault) ?? fault;
  }
  const brokers = (await admin.describeCluster()).brokers.length;
  const fitted = await attempt(
    admin,
    specs.map((spec) => topicOf(spec, brokers, protocols)),
  );
  if (fitted !== undefined) throw refusal(fitted) ?? fitted;
}

/** A majority needs three; so does going on with two in sync when one is lost. */
export function topicOf(spec: TopicSpec, brokers: number, protocols: boolean): ITopicConfig {
  const replicas = Math.min(spec.replicas ?? -1, brokers);
  const isQuorum = protocols && spec.replication === 'quorum' && replicas >= 3;
  const configs = {
    ...spec.configs,
    ...(replicas >= 3 ? { [MIN_INSYNC_REPLICAS]: '2' } : {}),
    ...(isQuorum ? { [REPLICATION_PROTOCOL]: 'quorum' } : {}),
  };
  return {
    topic: spec.name,
    numPartitions: spec.partitions,
    // -1: the broker's default. kafkajs would ask for one replica, wherever the topic is created.
    replicationFactor: replicas,
    configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
  };
}

async function offersProtocols(admin: Admin): Promise<boolean> {
  const [name] = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  if (name === undefined) return false;
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type, name }],
  });
  return resources.some(({ configEntries }) =>
    configEntries.some(({ configName }) => configName === REPLICATION_PROTOCOL),
  );
}

/** The fault, unless all that is wrong is that another replica has created some of them meanwhile. */
async function attempt(admin: Admin, topics: ITopicConfig[]): Promise<Error | undefined> {
  try {
    await admin.createTopics({ topics, waitForLeaders: true });
  } catch (error) {
    if (partsOf(error).every((part) => protocolErrorType(part) === 'TOPIC_ALREADY_EXISTS')) return undefined;
    return error instanceof Error ? error : new Error(String(error));
  }
  return undefined;
}

function partsOf(error: unknown): readonly unknown[] {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
    ? (error.errors as unknown[])
    : [error];
}

const REFUSALS = ['INVALID_PARTITIONS', 'INVALID_REPLICATION_FACTOR', 'INVALID_CONFIG', 'POLICY_VIOLATION'];

function refusal(error: unknown): TopicsError | undefined {
  const refused = partsOf(error).find((part) => REFUSALS.includes(protocolErrorType(part) ?? ''));
  if (!(refused instanceof Error)) return undefined;
  const topic = 'topic' in refused ? `${String(refused.topic)}: ` : '';
  return new TopicsError('mismatch', `${topic}${refused.message}`, { cause: error });
}
