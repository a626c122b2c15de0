/**
 * Every topic of the platform, as data: who writes it, what its records are keyed by, how many partitions it has and
 * how long it is kept. Services create the table's topics at start and compare them with what is there; the CLI
 * and the docs print it. What is keyed by experimentId, or decided together with it, has `COPARTITIONS` partitions,
 * so that one owner holds a whole story; that number is fixed at the first start of a home and never grown.
 */

export const COPARTITIONS = 12;

export type CleanupPolicy = 'delete' | 'compact';

/**
 * How a topic's replicas agree: `quorum`, what must outlive anything, acknowledged when a majority has it on disk;
 * `primary-backup`, what may be lost with all replicas at once, acknowledged when all in sync have it.
 */
export type ReplicationProtocol = 'primary-backup' | 'quorum';

export interface TopicDefinition {
  readonly name: string;
  readonly replication: ReplicationProtocol;
  /** What a record's key is; equal keys are in one partition, in the order they were written. */
  readonly key: 'experimentId' | 'experimentId or kind/name' | 'kind/name' | 'correlationId' | 'original key';
  readonly partitions: number;
  readonly cleanupPolicy: CleanupPolicy;
  /** Milliseconds; -1 keeps for ever. */
  readonly retentionMs: number;
  /** Bytes per partition; -1 is no limit. */
  readonly retentionBytes: number;
  readonly purpose: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const FOR_EVER = -1;
const UNLIMITED = -1;
const GIBIBYTE = 1024 ** 3;

export const COMMANDS_TOPIC = 'tidemark.commands';
export const CATALOG_TOPIC = 'tidemark.catalog';
export const EXPERIMENTS_TOPIC = 'tidemark.experiments';
export const OBSERVATIONS_TOPIC = 'tidemark.observations';
export const OUTPUT_TOPIC = 'tidemark.output';
export const QUERIES_TOPIC = 'tidemark.queries';
export const DEAD_LETTERS_TOPIC = 'tidemark.dead-letters';
const REPLIES_PREFIX = 'tidemark.replies.';

export const TOPICS: readonly TopicDefinition[] = [
  {
    name: COMMANDS_TOPIC,
    replication: 'quorum',
    key: 'experimentId or kind/name',
    partitions: COPARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: FOR_EVER,
    retentionBytes: UNLIMITED,
    purpose: 'what users asked for',
  },
  {
    name: CATALOG_TOPIC,
    replication: 'quorum',
    key: 'kind/name',
    partitions: COPARTITIONS,
    cleanupPolicy: 'compact',
    retentionMs: FOR_EVER,
    retentionBytes: UNLIMITED,
    purpose: 'whole states of applications and uploaded data products',
  },
  {
    name: EXPERIMENTS_TOPIC,
    replication: 'quorum',
    key: 'experimentId',
    partitions: COPARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: FOR_EVER,
    retentionBytes: UNLIMITED,
    purpose: 'the history: every fact about an experiment, in one order',
  },
  {
    name: OBSERVATIONS_TOPIC,
    replication: 'primary-backup',
    key: 'experimentId',
    partitions: COPARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: 14 * DAY_MS,
    retentionBytes: UNLIMITED,
    purpose: 'raw facts from schedulers and exit records, before anyone interprets them',
  },
  {
    name: OUTPUT_TOPIC,
    replication: 'primary-backup',
    key: 'experimentId',
    partitions: COPARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: 7 * DAY_MS,
    retentionBytes: GIBIBYTE,
    purpose: 'the live tail of stdout and stderr',
  },
  {
    name: QUERIES_TOPIC,
    replication: 'primary-backup',
    key: 'correlationId',
    partitions: 6,
    cleanupPolicy: 'delete',
    retentionMs: 10 * MINUTE_MS,
    retentionBytes: UNLIMITED,
    purpose: 'questions that any Metadata Server may answer',
  },
  {
    name: DEAD_LETTERS_TOPIC,
    replication: 'primary-backup',
    key: 'original key',
    partitions: 6,
    cleanupPolicy: 'delete',
    retentionMs: 90 * DAY_MS,
    retentionBytes: UNLIMITED,
    purpose: 'records that could not be processed, with their origin and the error',
  },
];

/** Of every topic, where the cluster has so many brokers. */
const REPLICAS = 3;

/** The topic on which one replica receives its answers; made by that replica. */
export function repliesTopic(replica: string): TopicDefinition {
  return {
    name: `${REPLIES_PREFIX}${replica}`,
    replication: 'primary-backup',
    key: 'correlationId',
    partitions: 1,
    cleanupPolicy: 'delete',
    retentionMs: 10 * MINUTE_MS,
    retentionBytes: UNLIMITED,
    purpose: `answers to ${replica}`,
  };
}

export function isRepliesTopic(topic: string): boolean {
  return topic.startsWith(REPLIES_PREFIX);
}

/** The topic's configuration by Kafka's names, as CreateTopics and DescribeConfigs spell it. */
export function topicConfigs(topic: TopicDefinition): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': topic.cleanupPolicy,
    // A stranger may send any codec, and the services' client reads few: one batch would end every reader of it.
    'compression.type': 'uncompressed',
    'retention.ms': String(topic.retentionMs),
    'retention.bytes': String(topic.retentionBytes),
  };
}

/** What a service asks for when it makes the topic; `Topics.ensure` fits it to the cluster that it finds. */
export function topicSpec(topic: TopicDefinition): {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly replication: ReplicationProtocol;
  readonly configs: Readonly<Record<string, string>>;
} {
  const { name, partitions, replication } = topic;
  return { name, partitions, replicas: REPLICAS, replication, configs: topicConfigs(topic) };
}
