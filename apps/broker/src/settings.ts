/**
 * Reads values of the configuration tables from text: the broker's own from its environment, a topic's from the
 * overrides in the metadata log. Pure functions; whoever calls them decides what a fault means (exit 78 at start,
 * INVALID_CONFIG for a client).
 */
import { logConfigOf, type LogConfig } from '@tidemark/log';
import {
  BROKER_CONFIGS,
  BROKER_CONFIG_ALIASES,
  TOPIC_CONFIGS,
  type BrokerConfigName,
  type BrokerSettings,
  type ConfigDefinition,
  type TopicConfigName,
  type TopicSettings,
} from './config-table.js';

type ConfigValue = boolean | number | string | readonly string[];

export const isBrokerConfig = (name: string): name is BrokerConfigName => Object.hasOwn(BROKER_CONFIGS, name);
export const isTopicConfig = (name: string): name is TopicConfigName => Object.hasOwn(TOPIC_CONFIGS, name);

/** The parsed value, or a sentence that says what is wrong with the text. */
export function parseConfig(
  definition: ConfigDefinition,
  text: string,
): { value: ConfigValue } | { fault: string } {
  const trimmed = text.trim();
  switch (definition.type) {
    case 'boolean':
      if (!/^(true|false)$/i.test(trimmed)) return { fault: `must be true or false, not '${text}'` };
      return { value: trimmed.toLowerCase() === 'true' };
    case 'int':
    case 'long':
    case 'double':
      return parseNumber(definition, trimmed);
    case 'list':
      if (definition.oneOf !== undefined && !definition.oneOf.includes(trimmed)) {
        return { fault: `must be one of ${definition.oneOf.join(' | ')}, not '${text}'` };
      }
      return { value: trimmed === '' ? [] : trimmed.split(',').map((item) => item.trim()) };
    case 'string':
      if (definition.oneOf !== undefined && !definition.oneOf.includes(trimmed)) {
        return { fault: `must be one of ${definition.oneOf.join(', ')}, not '${text}'` };
      }
      return { value: trimmed };
  }
}

function parseNumber(definition: ConfigDefinition, text: string): { value: number } | { fault: string } {
  const whole = definition.type !== 'double';
  if (!(whole ? /^-?\d{1,19}$/ : /^-?\d{1,19}(\.\d{1,19})?$/).test(text)) {
    return { fault: `must be a ${whole ? 'whole ' : ''}number, not '${text}'` };
  }
  const value = Number(text);
  const max = definition.max ?? (definition.type === 'int' ? 2_147_483_647 : Number.POSITIVE_INFINITY);
  if (value < (definition.min ?? Number.NEGATIVE_INFINITY))
    return { fault: `must be at least ${definition.min}` };
  if (value > max) return { fault: `must be at most ${max}` };
  return { value: Math.min(value, Number.MAX_SAFE_INTEGER) };
}

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
  for (const [name, definition] of Object.entries<ConfigDefinition>(BROKER_CONFIGS)) {
    const parsed = parseConfig(definition, given.get(name) ?? definition.default);
    if ('fault' in parsed) faults.push(`${name}: ${parsed.fault}`);
    else settings[name] = parsed.value;
  }
  return { settings: settings as unknown as BrokerSettings, given, faults };
}

/** The same settings by the names that hold; faults of the others are added. */
function withoutAliases(texts: ReadonlyMap<string, string>, faults: string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [name, text] of texts) {
    if (isBrokerConfig(name)) given.set(name, text);
    else if (!Object.hasOwn(BROKER_CONFIG_ALIASES, name)) faults.push(`${name}: no such setting`);
  }
  for (const [alias, { name, scale }] of Object.entries(BROKER_CONFIG_ALIASES)) {
    const text = texts.get(alias);
    if (text === undefined || given.has(name)) continue;
    const parsed = parseNumber(WHOLE_NUMBER, text.trim());
    if ('fault' in parsed) faults.push(`${alias}: ${parsed.fault}`);
    else given.set(name, String(parsed.value < 0 ? -1 : parsed.value * scale));
  }
  return given;
}

const WHOLE_NUMBER = { type: 'int', default: '0', min: -1, meaning: '' } as const;

/** The fault of one topic override, or nothing when it may be set. */
export function topicConfigFault(name: string, text: string): string | undefined {
  if (!isTopicConfig(name)) return `Unknown topic config name: ${name}`;
  const parsed = parseConfig(BROKER_CONFIGS[TOPIC_CONFIGS[name]], text);
  return 'fault' in parsed ? `${name} ${parsed.fault}` : undefined;
}

/** A topic's settings: its overrides over the broker's. An override that no longer parses is passed over. */
export function topicSettings(
  overrides: Readonly<Record<string, string>>,
  broker: BrokerSettings,
): TopicSettings {
  const settings: Record<string, ConfigValue> = {};
  for (const [name, fallback] of Object.entries(TOPIC_CONFIGS)) {
    const text = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
    const parsed = text === undefined ? undefined : parseConfig(BROKER_CONFIGS[fallback], text);
    settings[name] = parsed !== undefined && 'value' in parsed ? parsed.value : broker[fallback];
  }
  return settings as unknown as TopicSettings;
}

/** What a topic's logs are told: its overrides over what this broker was configured with. */
export function topicLogConfig(
  overrides: Readonly<Record<string, string>>,
  broker: BrokerSettings,
): LogConfig {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(topicSettings(overrides, broker))) texts[name] = String(value);
  return logConfigOf(texts);
}
