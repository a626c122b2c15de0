/**
 * Apache Kafka's topic configurations as a table: name, type, default, bounds, and the broker configuration that
 * overrides the default. The one table of them: the broker's own settings of the same meaning are made from it, it
 * answers DescribeConfigs from it and checks CreateTopics and IncrementalAlterConfigs against it; `log-config.ts`
 * makes a log's settings of it. Data only.
 *
 * Source: Kafka 4.x `TopicConfig`, `LogConfig` and the broker's server-default names. Settings that concern
 * what this broker does not do (tiered storage, throttled replicas) are accepted with their defaults.
 */
import { INT_MAX, LONG_MAX_TEXT, type ConfigDefinition } from './config-definition.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const CODECS = ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'];

export const TOPIC_CONFIGS = [
  {
    name: 'cleanup.policy',
    type: 'list',
    defaultText: 'delete',
    allowed: ['delete', 'compact'],
    brokerNames: [{ name: 'log.cleanup.policy' }],
    documentation: 'What becomes of old segments: deleted by age and size, compacted by key, or both.',
  },
  {
    name: 'compression.type',
    type: 'string',
    defaultText: 'producer',
    allowed: CODECS,
    brokerNames: [{ name: 'compression.type' }],
    documentation: 'The codec that batches are stored in; `producer` keeps what the producer chose.',
  },
  {
    name: 'delete.retention.ms',
    type: 'long',
    defaultText: '86400000',
    min: 0,
    brokerNames: [{ name: 'log.cleaner.delete.retention.ms' }],
    documentation: 'How long a compacted topic keeps the markers of deleted keys, milliseconds.',
  },
  {
    name: 'file.delete.delay.ms',
    type: 'long',
    defaultText: '60000',
    min: 0,
    brokerNames: [{ name: 'log.segment.delete.delay.ms' }],
    documentation: 'How long a deleted segment stays on disk under another name, milliseconds.',
  },
  {
    name: 'flush.messages',
    type: 'long',
    defaultText: LONG_MAX_TEXT,
    min: 1,
    brokerNames: [{ name: 'log.flush.interval.messages' }],
    documentation: 'Records after which the log is forced to disk; 1 forces it before every acknowledgement.',
  },
  {
    name: 'flush.ms',
    type: 'long',
    defaultText: LONG_MAX_TEXT,
    min: 0,
    brokerNames: [{ name: 'log.flush.interval.ms' }, { name: 'log.flush.scheduler.interval.ms' }],
    documentation: 'Longest time that written records wait to be forced to disk, milliseconds.',
  },
  {
    name: 'follower.replication.throttled.replicas',
    type: 'list',
    defaultText: '',
    documentation: 'Accepted for compatibility; replication is not throttled.',
  },
  {
    name: 'index.interval.bytes',
    type: 'int',
    defaultText: '4096',
    min: 0,
    brokerNames: [{ name: 'log.index.interval.bytes' }],
    documentation: 'Bytes of log between two entries of the offset index.',
  },
  {
    name: 'leader.replication.throttled.replicas',
    type: 'list',
    defaultText: '',
    documentation: 'Accepted for compatibility; replication is not throttled.',
  },
  {
    name: 'max.compaction.lag.ms',
    type: 'long',
    defaultText: LONG_MAX_TEXT,
    min: 1,
    brokerNames: [{ name: 'log.cleaner.max.compaction.lag.ms' }],
    documentation: 'Longest time that a record of a compacted topic stays uncompacted, milliseconds.',
  },
  {
    name: 'max.message.bytes',
    type: 'int',
    defaultText: '1048588',
    min: 0,
    brokerNames: [{ name: 'message.max.bytes' }],
    documentation: 'Largest record batch that is accepted, bytes, as it comes (after compression).',
  },
  {
    name: 'message.timestamp.after.max.ms',
    type: 'long',
    defaultText: '3600000',
    min: 0,
    brokerNames: [{ name: 'log.message.timestamp.after.max.ms' }],
    documentation:
      "How far a record's time may lie ahead of the broker's clock, milliseconds (CreateTime only).",
  },
  {
    name: 'message.timestamp.before.max.ms',
    type: 'long',
    defaultText: LONG_MAX_TEXT,
    min: 0,
    brokerNames: [{ name: 'log.message.timestamp.before.max.ms' }],
    documentation:
      "How far a record's time may lie behind the broker's clock, milliseconds (CreateTime only).",
  },
  {
    name: 'message.timestamp.type',
    type: 'string',
    defaultText: 'CreateTime',
    allowed: ['CreateTime', 'LogAppendTime'],
    brokerNames: [{ name: 'log.message.timestamp.type' }],
    documentation: 'Whose clock stamps a record: its producer’s, or the broker’s when it is appended.',
  },
  {
    name: 'min.cleanable.dirty.ratio',
    type: 'double',
    defaultText: '0.5',
    min: 0,
    max: 1,
    brokerNames: [{ name: 'log.cleaner.min.cleanable.ratio' }],
    documentation: 'Share of a compacted log that must be uncompacted before it is compacted again.',
  },
  {
    name: 'min.compaction.lag.ms',
    type: 'long',
    defaultText: '0',
    min: 0,
    brokerNames: [{ name: 'log.cleaner.min.compaction.lag.ms' }],
    documentation: 'Shortest time that a record of a compacted topic stays uncompacted, milliseconds.',
  },
  {
    name: 'min.insync.replicas',
    type: 'int',
    defaultText: '1',
    min: 1,
    brokerNames: [{ name: 'min.insync.replicas' }],
    documentation: 'Replicas that must have a record for a producer that asks for acks=all.',
  },
  {
    name: 'preallocate',
    type: 'boolean',
    defaultText: 'false',
    brokerNames: [{ name: 'log.preallocate' }],
    documentation: 'Accepted for compatibility; segments grow as they are written.',
  },
  {
    name: 'replication.protocol',
    type: 'string',
    defaultText: 'primary-backup',
    allowed: ['primary-backup', 'quorum'],
    documentation:
      'Acknowledged when all in-sync replicas have it, or when a majority has it on disk; chosen at creation (Tidemark).',
  },
  {
    name: 'retention.bytes',
    type: 'long',
    defaultText: '-1',
    brokerNames: [{ name: 'log.retention.bytes' }],
    documentation: 'Bytes of a partition beyond which its oldest segments are deleted; -1 is no limit.',
  },
  {
    name: 'retention.ms',
    type: 'long',
    defaultText: '604800000',
    min: -1,
    brokerNames: [
      { name: 'log.retention.ms' },
      { name: 'log.retention.minutes', scale: MINUTE_MS },
      { name: 'log.retention.hours', scale: HOUR_MS },
    ],
    documentation: 'Age at which segments are deleted, milliseconds; -1 is no limit.',
  },
  {
    name: 'segment.bytes',
    type: 'int',
    defaultText: '1073741824',
    min: 14,
    brokerNames: [{ name: 'log.segment.bytes' }],
    documentation: 'Size at which a new segment file is begun, bytes.',
  },
  {
    name: 'segment.index.bytes',
    type: 'int',
    defaultText: '10485760',
    min: 4,
    max: INT_MAX,
    brokerNames: [{ name: 'log.index.size.max.bytes' }],
    documentation: 'Size of an index at which a new segment is begun, bytes.',
  },
  {
    name: 'segment.jitter.ms',
    type: 'long',
    defaultText: '0',
    min: 0,
    brokerNames: [{ name: 'log.roll.jitter.ms' }, { name: 'log.roll.jitter.hours', scale: HOUR_MS }],
    documentation: 'Accepted for compatibility; segments are begun at their time.',
  },
  {
    name: 'segment.ms',
    type: 'long',
    defaultText: '604800000',
    min: 1,
    brokerNames: [{ name: 'log.roll.ms' }, { name: 'log.roll.hours', scale: HOUR_MS }],
    documentation: 'Age at which a new segment file is begun though the old is not full, milliseconds.',
  },
  {
    name: 'unclean.leader.election.enable',
    type: 'boolean',
    defaultText: 'false',
    brokerNames: [{ name: 'unclean.leader.election.enable' }],
    documentation: 'Whether a replica that may lack acknowledged records may lead when no other is left.',
  },
] as const satisfies readonly ConfigDefinition[];

export type TopicConfigName = (typeof TOPIC_CONFIGS)[number]['name'];
