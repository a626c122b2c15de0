/**
 * The configuration names that the broker knows, as data: what a name means, its type, its default and its bounds.
 * Kafka's names and defaults where Kafka has the setting; a name that is ours says so. `config.ts` reads the
 * process's environment by the broker table, topics override by the topic table, DescribeConfigs shows both.
 */

export type ConfigType = 'boolean' | 'int' | 'long' | 'double' | 'string' | 'list';

export interface ConfigDefinition<T extends ConfigType = ConfigType> {
  readonly type: T;
  /** As it would be written in a properties file. */
  readonly default: string;
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly string[];
  readonly meaning: string;
}

const LONG_MAX = '9223372036854775807';

const define = <T extends ConfigType>(
  type: T,
  initial: string,
  meaning: string,
  bounds: { min?: number; max?: number; oneOf?: readonly string[] } = {},
): ConfigDefinition<T> => ({ type, default: initial, meaning, ...bounds });

const POLICIES = ['delete', 'compact', 'compact,delete', 'delete,compact'];
const CODECS = ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'];
const TIMESTAMP_TYPES = ['CreateTime', 'LogAppendTime'];

/** Settings of the broker process. Environment: `TIDEMARK_KAFKA_` + the name in capitals with `_` for `.`. */
export const BROKER_CONFIGS = {
  'auto.create.topics.enable': define('boolean', 'true', 'Metadata for an unknown topic creates it'),
  'auto.create.topics.exclude': define('list', '', 'Prefixes of topics never created by use (Tidemark)'),
  'compression.type': define('string', 'producer', 'Codec of stored batches; producer keeps them as sent', {
    oneOf: CODECS,
  }),
  'connections.max.idle.ms': define('long', '600000', 'A connection idle for longer is closed', { min: 100 }),
  'default.replication.factor': define('int', '1', 'Replicas of a topic that does not say', { min: 1 }),
  'delete.topic.enable': define('boolean', 'true', 'DeleteTopics is obeyed'),
  'fetch.max.bytes': define('int', '57671680', 'Most bytes of records in one Fetch answer', { min: 1024 }),
  'follower.replication.throttled.replicas': define('list', '', 'Accepted; replication is not throttled'),
  'group.initial.rebalance.delay.ms': define(
    'int',
    '3000',
    'How long an empty group waits for more members',
    {
      min: 0,
    },
  ),
  'group.max.session.timeout.ms': define('int', '1800000', 'Longest session a member may ask for', {
    min: 1,
  }),
  'group.max.size': define('int', '2147483647', 'Most members of one group', { min: 1 }),
  'group.min.session.timeout.ms': define('int', '6000', 'Shortest session a member may ask for', { min: 1 }),
  'leader.replication.throttled.replicas': define('list', '', 'Accepted; replication is not throttled'),
  'log.cleaner.delete.retention.ms': define('long', '86400000', 'How long tombstones are kept', { min: 0 }),
  'log.cleaner.max.compaction.lag.ms': define('long', LONG_MAX, 'Longest time a record stays uncompacted', {
    min: 1,
  }),
  'log.cleaner.min.cleanable.ratio': define('double', '0.5', 'Uncompacted share that makes a log compacted', {
    min: 0,
    max: 1,
  }),
  'log.cleaner.min.compaction.lag.ms': define('long', '0', 'Shortest time a record stays uncompacted', {
    min: 0,
  }),
  'log.cleanup.policy': define('list', 'delete', 'What becomes of old segments', { oneOf: POLICIES }),
  'log.flush.interval.messages': define('long', LONG_MAX, 'Records appended before a forced fsync', {
    min: 1,
  }),
  'log.flush.interval.ms': define('long', LONG_MAX, 'Longest time before appended records are fsynced', {
    min: 1,
  }),
  'log.flush.offset.checkpoint.interval.ms': define('int', '60000', 'Pause between recovery checkpoints', {
    min: 100,
  }),
  'log.index.interval.bytes': define('int', '4096', 'Log bytes between two index entries', { min: 0 }),
  'log.index.size.max.bytes': define('int', '10485760', 'Most bytes of an offset index', { min: 4096 }),
  'log.message.timestamp.after.max.ms': define('long', '3600000', 'How far ahead a timestamp may lie', {
    min: 0,
  }),
  'log.message.timestamp.before.max.ms': define('long', LONG_MAX, 'How far back a timestamp may lie', {
    min: 0,
  }),
  'log.message.timestamp.type': define('string', 'CreateTime', 'Whose clock stamps a record', {
    oneOf: TIMESTAMP_TYPES,
  }),
  'log.preallocate': define('boolean', 'false', 'Accepted; segments grow as they are written'),
  'log.retention.bytes': define('long', '-1', 'Bytes kept per partition; -1 is no limit', { min: -1 }),
  'log.retention.check.interval.ms': define('long', '300000', 'Pause between two retention runs', { min: 1 }),
  'log.retention.ms': define('long', '604800000', 'Age at which segments are removed; -1 never', { min: -1 }),
  'log.roll.jitter.ms': define('long', '0', 'Accepted; segments are begun at their time', { min: 0 }),
  'log.roll.ms': define('long', '604800000', 'Age at which a segment is closed', { min: 1 }),
  'log.segment.bytes': define('int', '1073741824', 'Size at which a segment is closed', {
    min: 14,
    max: 2147483647,
  }),
  'log.segment.delete.delay.ms': define('long', '60000', 'Pause before a removed segment is unlinked', {
    min: 0,
  }),
  'max.connections': define('int', '10000', 'Open connections of the broker', { min: 1 }),
  'max.connections.per.ip': define('int', '2147483647', 'Open connections from one address', { min: 0 }),
  'max.request.partition.size.limit': define(
    'int',
    '2000',
    'Partitions in one DescribeTopicPartitions answer',
    {
      min: 1,
    },
  ),
  'message.max.bytes': define('int', '1048588', 'Largest record batch', { min: 0 }),
  'min.insync.replicas': define('int', '1', 'In-sync replicas without which acks=all is refused', { min: 1 }),
  'num.partitions': define('int', '1', 'Partitions of a topic that does not say', { min: 1 }),
  'offset.metadata.max.bytes': define('int', '4096', 'Longest text beside a committed offset', { min: 0 }),
  'offsets.retention.check.interval.ms': define('long', '600000', 'Pause between offset expiry runs', {
    min: 1,
  }),
  'offsets.retention.minutes': define('int', '10080', 'Offsets of an empty group are kept this long', {
    min: 1,
  }),
  'offsets.topic.num.partitions': define('int', '50', 'Partitions of __consumer_offsets', { min: 1 }),
  'offsets.topic.replication.factor': define(
    'int',
    '3',
    'Replicas of __consumer_offsets, at most one a broker',
    {
      min: 1,
    },
  ),
  'offsets.topic.segment.bytes': define('int', '104857600', 'Segment size of __consumer_offsets', {
    min: 14,
  }),
  'producer.id.expiration.ms': define('int', '86400000', 'A silent idempotent producer is forgotten', {
    min: 1,
  }),
  'replica.high.watermark.checkpoint.interval.ms': define(
    'long',
    '5000',
    'Pause between watermark checkpoints',
    {
      min: 100,
    },
  ),
  'socket.request.max.bytes': define('int', '104857600', 'Largest request frame', { min: 1 }),
  'tail.cache.bytes': define('int', '4194304', 'Tail of a busy log kept in memory (Tidemark)', {
    min: 65536,
  }),
  'unclean.leader.election.enable': define(
    'boolean',
    'false',
    'A replica that may lack records may lead at need',
  ),
} as const satisfies Record<string, ConfigDefinition>;

/** Names that Kafka has for the same in another unit; the name in milliseconds wins where both are given. */
export const BROKER_CONFIG_ALIASES = {
  'log.retention.hours': { name: 'log.retention.ms', scale: 3_600_000 },
  'log.retention.minutes': { name: 'log.retention.ms', scale: 60_000 },
  'log.roll.hours': { name: 'log.roll.ms', scale: 3_600_000 },
  'log.roll.jitter.hours': { name: 'log.roll.jitter.ms', scale: 3_600_000 },
} as const satisfies Record<string, { readonly name: keyof typeof BROKER_CONFIGS; readonly scale: number }>;

/** Settings of one topic and the broker setting each falls back to. */
export const TOPIC_CONFIGS = {
  'cleanup.policy': 'log.cleanup.policy',
  'compression.type': 'compression.type',
  'delete.retention.ms': 'log.cleaner.delete.retention.ms',
  'file.delete.delay.ms': 'log.segment.delete.delay.ms',
  'flush.messages': 'log.flush.interval.messages',
  'flush.ms': 'log.flush.interval.ms',
  'follower.replication.throttled.replicas': 'follower.replication.throttled.replicas',
  'index.interval.bytes': 'log.index.interval.bytes',
  'leader.replication.throttled.replicas': 'leader.replication.throttled.replicas',
  'max.compaction.lag.ms': 'log.cleaner.max.compaction.lag.ms',
  'max.message.bytes': 'message.max.bytes',
  'message.timestamp.after.max.ms': 'log.message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms': 'log.message.timestamp.before.max.ms',
  'message.timestamp.type': 'log.message.timestamp.type',
  'min.cleanable.dirty.ratio': 'log.cleaner.min.cleanable.ratio',
  'min.compaction.lag.ms': 'log.cleaner.min.compaction.lag.ms',
  'min.insync.replicas': 'min.insync.replicas',
  preallocate: 'log.preallocate',
  'retention.bytes': 'log.retention.bytes',
  'retention.ms': 'log.retention.ms',
  'segment.bytes': 'log.segment.bytes',
  'segment.index.bytes': 'log.index.size.max.bytes',
  'segment.jitter.ms': 'log.roll.jitter.ms',
  'segment.ms': 'log.roll.ms',
  'unclean.leader.election.enable': 'unclean.leader.election.enable',
} as const satisfies Record<string, keyof typeof BROKER_CONFIGS>;

export type BrokerConfigName = keyof typeof BROKER_CONFIGS;
export type TopicConfigName = keyof typeof TOPIC_CONFIGS;

type ValueOf<D extends ConfigDefinition> = D['type'] extends 'boolean'
  ? boolean
  : D['type'] extends 'int' | 'long' | 'double'
    ? number
    : D['type'] extends 'list'
      ? readonly string[]
      : string;

/** Every broker setting, parsed. A `long` beyond 2^53 is held as 2^53 - 1. */
export type BrokerSettings = { readonly [K in BrokerConfigName]: ValueOf<(typeof BROKER_CONFIGS)[K]> };
/** Every setting of one topic, parsed, the broker's where the topic has none. */
export type TopicSettings = {
  readonly [K in TopicConfigName]: ValueOf<(typeof BROKER_CONFIGS)[(typeof TOPIC_CONFIGS)[K]]>;
};
