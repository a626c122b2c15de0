/**
 * The configuration names that the broker knows, as data. What a topic can override is in the log library's table of
 * topic configurations and enters this one under the broker's name for it, so that both have one type, one default
 * and the same bounds; the rest is here. Kafka's names and defaults where Kafka has the setting; a name that is ours
 * says so. `config.ts` reads the process's environment by it, DescribeConfigs shows it.
 */
import { TOPIC_CONFIGS, type ConfigDefinition, type ConfigType, type TopicConfigName } from '@tidemark/log';

const define = <Name extends string, Type extends ConfigType>(
  name: Name,
  type: Type,
  defaultText: string,
  documentation: string,
  bounds: { min?: number; max?: number } = {},
): ConfigDefinition & { readonly name: Name; readonly type: Type } => ({
  name,
  type,
  defaultText,
  documentation,
  ...bounds,
});

/** Settings of the broker alone, which no topic overrides. */
const OWN_CONFIGS = [
  define('auto.create.topics.enable', 'boolean', 'true', 'Metadata for an unknown topic creates it.'),
  define('auto.create.topics.exclude', 'list', '', 'Prefixes of topics never created by use (Tidemark).'),
  define('auto.leader.rebalance.enable', 'boolean', 'true', 'First replicas get their leadership back.'),
  define('broker.heartbeat.interval.ms', 'int', '150', 'Pause between heartbeats to the controller.', {
    min: 10,
  }),
  define('broker.session.timeout.ms', 'int', '3000', 'A broker that is silent for longer is fenced.', {
    min: 100,
  }),
  define('connections.max.idle.ms', 'long', '600000', 'A connection idle for longer is closed.', {
    min: 100,
  }),
  define('controlled.shutdown.enable', 'boolean', 'true', 'Leadership moves away before a broker stops.'),
  define(
    'controlled.shutdown.timeout.ms',
    'int',
    '3000',
    'How long a stop waits for its leadership to move (Tidemark).',
    { min: 0 },
  ),
  define('default.replication.factor', 'int', '1', 'Replicas of a topic that does not say.', { min: 1 }),
  define('delete.topic.enable', 'boolean', 'true', 'DeleteTopics is obeyed.'),
  define('fetch.max.bytes', 'int', '57671680', 'Most bytes of records in one Fetch answer.', { min: 1024 }),
  define(
    'group.disconnect.grace.ms',
    'int',
    '500',
    'A member whose connection broke has this long to come back; -1: its session (Tidemark).',
    { min: -1 },
  ),
  define(
    'group.initial.rebalance.delay.ms',
    'int',
    '3000',
    'How long an empty group waits for more members.',
    { min: 0 },
  ),
  define('group.max.session.timeout.ms', 'int', '1800000', 'Longest session a member may ask for.', {
    min: 1,
  }),
  define('group.max.size', 'int', '2147483647', 'Most members of one group.', { min: 1 }),
  define('group.min.session.timeout.ms', 'int', '6000', 'Shortest session a member may ask for.', { min: 1 }),
  define(
    'leader.imbalance.check.interval.ms',
    'int',
    '10000',
    'Pause between looks for first replicas that do not lead (Tidemark; in Kafka it is in seconds).',
    { min: 10 },
  ),
  define('log.flush.offset.checkpoint.interval.ms', 'int', '60000', 'Pause between recovery checkpoints.', {
    min: 100,
  }),
  define('log.cleaner.backoff.ms', 'long', '15000', 'Pause between two looks for logs to compact.', {
    min: 1,
  }),
  define(
    'log.cleaner.dedupe.buffer.size',
    'long',
    '16777216',
    'Memory for the keys of the log that is being compacted, bytes; 32 a key. One that has more takes several runs.',
    { min: 65536 },
  ),
  define('log.retention.check.interval.ms', 'long', '300000', 'Pause between two retention runs.', {
    min: 1,
  }),
  define(
    'log.scrub.bytes.per.second',
    'long',
    '1048576',
    'How fast closed segments are read to see that they are whole; 0: never (Tidemark).',
    { min: 0 },
  ),
  define(
    'log.scrub.interval.ms',
    'long',
    '604800000',
    'From the beginning of one look at all closed segments to the next (Tidemark).',
    { min: 1 },
  ),
  define(
    'max.connections',
    'int',
    '10000',
    'Open connections of the broker; fewer where the system grants too few descriptors.',
    { min: 1 },
  ),
  define('max.connections.per.ip', 'int', '2147483647', 'Open connections from one address.', { min: 0 }),
  define(
    'max.request.partition.size.limit',
    'int',
    '2000',
    'Partitions in one DescribeTopicPartitions answer.',
    { min: 1 },
  ),
  define(
    'metadata.log.max.record.bytes.between.snapshots',
    'long',
    '20971520',
    'Bytes of metadata records from one snapshot of the metadata to the next.',
    { min: 1 },
  ),
  define('num.partitions', 'int', '1', 'Partitions of a topic that does not say.', { min: 1 }),
  define('offset.metadata.max.bytes', 'int', '4096', 'Longest text beside a committed offset.', { min: 0 }),
  define('offsets.retention.check.interval.ms', 'long', '600000', 'Pause between offset expiry runs.', {
    min: 1,
  }),
  define('offsets.retention.minutes', 'int', '10080', 'Offsets of an empty group are kept this long.', {
    min: 1,
  }),
  define('offsets.topic.num.partitions', 'int', '50', 'Partitions of __consumer_offsets.', { min: 1 }),
  define(
    'offsets.topic.replication.factor',
    'int',
    '3',
    'Replicas of __consumer_offsets, at most one a broker.',
    { min: 1 },
  ),
  define('offsets.topic.segment.bytes', 'int', '104857600', 'Segment size of __consumer_offsets.', {
    min: 14,
  }),
  define('producer.id.expiration.ms', 'int', '86400000', 'A silent idempotent producer is forgotten.', {
    min: 1,
  }),
  define(
    'replica.high.watermark.checkpoint.interval.ms',
    'long',
    '5000',
    'Pause between watermark checkpoints.',
    { min: 100 },
  ),
  define(
    'replica.lag.time.max.ms',
    'long',
    '30000',
    'A follower not level with its leader for longer leaves the in-sync set.',
    { min: 1 },
  ),
  define('socket.request.max.bytes', 'int', '104857600', 'Largest request frame.', { min: 1 }),
  define('tail.cache.bytes', 'int', '8388608', 'Tail of a busy log kept in memory (Tidemark).', {
    min: 65536,
  }),
] as const;

const TOPIC_DEFINITIONS: readonly (ConfigDefinition & { readonly name: TopicConfigName })[] = TOPIC_CONFIGS;

/** The broker setting that each topic setting falls back to; a few have none. */
export const TOPIC_FALLBACKS: ReadonlyMap<string, BrokerConfigName> = new Map(
  TOPIC_DEFINITIONS.flatMap(({ name, brokerNames: [first] = [] }): [string, BrokerConfigName][] =>
    first === undefined ? [] : [[name, first.name as BrokerConfigName]],
  ),
);

/**
 * Settings of the broker process, by ascending name. Environment: `TIDEMARK_KAFKA_` + the name in capitals with `_`
 * for `.`.
 */
export const BROKER_CONFIGS: ReadonlyMap<string, ConfigDefinition> = new Map(
  [
    ...OWN_CONFIGS,
    ...TOPIC_DEFINITIONS.map((definition): ConfigDefinition => {
      return { ...definition, name: TOPIC_FALLBACKS.get(definition.name) ?? '' };
    }),
  ]
    .filter(({ name }) => name !== '')
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((definition) => [definition.name, definition]),
);

/** Names that Kafka has for the same, some in another unit: the strongest of a setting first, all below its own name. */
export const BROKER_CONFIG_ALIASES: ReadonlyMap<string, { readonly name: string; readonly scale: number }> =
  new Map(
    TOPIC_DEFINITIONS.flatMap(({ brokerNames: [first, ...others] = [] }) =>
      others.map(({ name, scale = 1 }) => [name, { name: first?.name ?? '', scale }] as const),
    ),
  );

type OwnDefinition = (typeof OWN_CONFIGS)[number];
type TopicDefinition = (typeof TOPIC_CONFIGS)[number];
type Overridable = Extract<TopicDefinition, { readonly brokerNames: readonly unknown[] }>;

export type BrokerConfigName = OwnDefinition['name'] | Overridable['brokerNames'][0]['name'];

type ValueOf<D extends { readonly type: ConfigType }> = D['type'] extends 'boolean'
  ? boolean
  : D['type'] extends 'int' | 'long' | 'double'
    ? number
    : D['type'] extends 'list'
      ? readonly string[]
      : string;

/** Every broker setting, parsed. A `long` beyond 2^53 is rounded. */
export type BrokerSettings = {
  readonly [D in OwnDefinition as D['name']]: ValueOf<D>;
} & {
  readonly [D in Overridable as D['brokerNames'][0]['name']]: ValueOf<D>;
};
/** Every setting of one topic, parsed, the broker's where the topic has none. */
export type TopicSettings = { readonly [D in TopicDefinition as D['name']]: ValueOf<D> };
