/**
 * Reads values of the configuration tables from text: the broker's own from its environment, a topic's from the
 * overrides in the metadata log. Pure functions; whoever calls them decides what a fault means (exit 78 at start,
 * INVALID_CONFIG for a client).
 */
import {
  TOPIC_CONFIGS,
  logConfigOf,
  parseConfig,
  topicConfigValue,
  validateTopicConfigs,
  type ConfigTexts,
  type ConfigValue,
  type LogConfig,
} from '@tidemark/log';
import {
  BROKER_CONFIGS,
  BROKER_CONFIG_ALIASES,
  TOPIC_FALLBACKS,
  type BrokerSettings,
  type TopicSettings,
} from './config-table.js';

/** All broker settings, the table's defaults where `texts` has none. Faults are collected, not thrown. */
export function brokerSettings(texts: ReadonlyMap<string, string>): {
  settings: BrokerSettings;
  /** What was given, by the names of the table. */
  given: ReadonlyMap<string, string>;
  faults: readonly string[];
} {
  const faults: string[] = [];
  const settings: Record<string, ConfigValue> = {};
  const given = withoutAliases(texts, faults);
  for (const [name, definition] of BROKER_CONFIGS) {
    const parsed = parseConfig(definition, given.get(name) ?? definition.defaultText);
    if ('fault' in parsed) faults.push(parsed.fault);
    else settings[name] = parsed.value;
  }
  return { settings: settings as unknown as BrokerSettings, given, faults };
}

/** The same settings by the names that hold; faults of the others are added. */
function withoutAliases(texts: ReadonlyMap<string, string>, faults: string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [name, text] of texts) {
    if (BROKER_CONFIGS.has(name)) given.set(name, text);
    else if (!BROKER_CONFIG_ALIASES.has(name)) faults.push(`${name}: no such setting`);
  }
  for (const [alias, { name, scale }] of BROKER_CONFIG_ALIASES) {
    const text = texts.get(alias);
    if (text === undefined || given.has(name)) continue;
    const parsed = parseConfig({ ...WHOLE_NUMBER, name: alias }, text);
    if ('fault' in parsed) faults.push(parsed.fault);
    else given.set(name, String(Number(parsed.value) < 0 ? -1 : Number(parsed.value) * scale));
  }
  return given;
}

const WHOLE_NUMBER = { type: 'int', defaultText: '0', min: -1, documentation: '' } as const;

/** The fault of one topic override, or nothing when it may be set. */
export function topicConfigFault(name: string, text: string): string | undefined {
  return validateTopicConfigs({ [name]: text })[0];
}

/** A topic's settings: its overrides over the broker's. An override that no longer parses is passed over. */
export function topicSettings(overrides: ConfigTexts, broker: BrokerSettings): TopicSettings {
  const texts = topicTexts(overrides, broker);
  const settings: Record<string, ConfigValue> = {};
  for (const { name } of TOPIC_CONFIGS) settings[name] = topicConfigValue(name, texts);
  return settings as unknown as TopicSettings;
}

/** What a topic's logs are told: its overrides over what this broker was configured with. */
export function topicLogConfig(overrides: ConfigTexts, broker: BrokerSettings): LogConfig {
  return logConfigOf(topicTexts(overrides, broker));
}

function topicTexts(overrides: ConfigTexts, broker: BrokerSettings): ConfigTexts {
  const texts: Record<string, string> = {};
  for (const [name, fallback] of TOPIC_FALLBACKS) texts[name] = String(broker[fallback]);
  for (const [name, text] of Object.entries(overrides)) {
    if (topicConfigFault(name, text) === undefined) texts[name] = text;
  }
  return texts;
}
