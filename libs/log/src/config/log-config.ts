/**
 * What one partition's log is told: a topic's configurations, read once and kept as numbers. Made by the broker when
 * a topic is loaded or its configuration changes, given to `PartitionLog`. Immutable.
 */
import { parseConfig, type ConfigDefinition, type ConfigValue } from './config-definition.js';
import { TOPIC_CONFIGS, type TopicConfigName } from './topic-configs.js';

export interface LogConfig {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  /** -1: no limit. */
  readonly retentionMs: number;
  /** -1: no limit. */
  readonly retentionBytes: number;
  readonly maxMessageBytes: number;
  readonly flushMessages: number;
  readonly flushMs: number;
  readonly fileDeleteDelayMs: number;
  readonly logAppendTime: boolean;
  readonly messageTimestampBeforeMaxMs: number;
  readonly messageTimestampAfterMaxMs: number;
  /** `producer` keeps each batch as it came. */
  readonly compressionType: string;
  readonly deletes: boolean;
  readonly compacts: boolean;
  readonly minCleanableDirtyRatio: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  /** How long the markers of deleted keys stay in a compacted log. */
  readonly deleteRetentionMs: number;
}

/** Texts by topic configuration name; what is absent has its default. */
export type ConfigTexts = Readonly<Record<string, string>>;

const DEFINITIONS: ReadonlyMap<string, ConfigDefinition> = new Map(
  TOPIC_CONFIGS.map((definition): [string, ConfigDefinition] => [definition.name, definition]),
);

export function topicConfigDefinition(name: string): ConfigDefinition | undefined {
  return DEFINITIONS.get(name);
}

/** Everything that is wrong with these topic configurations, each as a sentence; empty when nothing is. */
export function validateTopicConfigs(texts: ConfigTexts): string[] {
  const faults: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const definition = DEFINITIONS.get(name);
    if (definition === undefined) {
      faults.push(`Unknown topic config name: ${name}`);
      continue;
    }
    const parsed = parseConfig(definition, text);
    if ('fault' in parsed) faults.push(parsed.fault);
  }
  return faults;
}

/**
 * The settings that these texts stand for. A text that is not valid counts as absent: what reaches this function
 * was validated before it was stored, and a log must open all the same.
 */
export function logConfigOf(texts: ConfigTexts = {}): LogConfig {
  const number = (name: TopicConfigName): number => Number(topicConfigValue(name, texts));
  const policy = topicConfigValue('cleanup.policy', texts) as readonly string[];
  const compacts = policy.includes('compact');
  return {
    segmentBytes: number('segment.bytes'),
    // Nothing is compacted before its segment is closed.
    segmentMs: compacts
      ? Math.min(number('segment.ms'), number('max.compaction.lag.ms'))
      : number('segment.ms'),
    segmentIndexBytes: number('segment.index.bytes'),
    indexIntervalBytes: number('index.interval.bytes'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    maxMessageBytes: number('max.message.bytes'),
    flushMessages: number('flush.messages'),
    flushMs: number('flush.ms'),
    fileDeleteDelayMs: number('file.delete.delay.ms'),
    logAppendTime: topicConfigValue('message.timestamp.type', texts) === 'LogAppendTime',
    messageTimestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    messageTimestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    compressionType: String(topicConfigValue('compression.type', texts)),
    deletes: policy.includes('delete'),
    compacts,
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
    deleteRetentionMs: number('delete.retention.ms'),
  };
}

/** The value of one topic configuration: of its text where there is a valid one, of its default otherwise. */
export function topicConfigValue(name: TopicConfigName, texts: ConfigTexts): ConfigValue {
  const definition = DEFINITIONS.get(name);
  if (definition === undefined) throw new Error(`no topic configuration ${name}`);
  const own = texts[name];
  if (own !== undefined) {
    const parsed = parseConfig(definition, own);
    if ('value' in parsed) return parsed.value;
  }
  const standard = parseConfig(definition, definition.defaultText);
  if ('fault' in standard) throw new Error(standard.fault);
  return standard.value;
}
