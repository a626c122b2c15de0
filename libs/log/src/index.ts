/** The partition log on Apache Kafka's on-disk format. Used by the broker and the CLI's tools. */
export type { CompactionTotals } from './compaction/log-cleaner.js';
export type { AppendOptions, AppendOrigin, AppendResult } from './append/append-result.js';
export {
  parseConfig,
  type ConfigDefinition,
  type ConfigType,
  type ConfigValue,
} from './config/config-definition.js';
export {
  logConfigOf,
  topicConfigDefinition,
  topicConfigValue,
  validateTopicConfigs,
  type ConfigTexts,
  type LogConfig,
} from './config/log-config.js';
export { TOPIC_CONFIGS, type TopicConfigName } from './config/topic-configs.js';
export {
  LogDirectory,
  partitionName,
  type LogDirectoryOptions,
  type StoredPartition,
} from './directory/log-directory.js';
export { LOG_RULES, type LogRules } from './log-rules.js';
export { LogError, type LogErrorCode } from './log-error.js';
export type { EpochEnd, LogIdentity, LogListener, LogOptions } from './log-options.js';
export { PartitionLog } from './partition-log.js';
export { LogScrubber, type LogScrubberOptions, type ScrubTotals } from './scrub/log-scrubber.js';
export type { ReadOptions, ReadResult } from './read/read-result.js';
export type { TimestampOffset } from './read/time-lookup.js';
export { makeLogResources, type LogLimits, type LogResources } from './log-resources.js';
