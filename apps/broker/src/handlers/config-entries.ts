/**
 * Configuration as clients see it: each name of the table with its value, where the value comes from, and what it
 * falls back to. Used by DescribeConfigs and by the answer of CreateTopics. Pure.
 */
import { BROKER_CONFIGS, TOPIC_CONFIGS } from '../config-table.js';
import type { BrokerConfigName, ConfigDefinition, ConfigType } from '../config-table.js';

/** Kafka's codes for where a value comes from. */
export const ConfigSource = { TOPIC: 1, STATIC_BROKER: 4, DEFAULT: 5 } as const;

/** Kafka's codes for kinds of resources. */
export const ResourceType = { TOPIC: 2, BROKER: 4 } as const;

const TYPE_CODES: Record<ConfigType, number> = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 };

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string;
  readonly source: number;
}

export interface ConfigEntry extends ConfigSynonym {
  readonly readOnly: boolean;
  readonly configType: number;
  readonly documentation: string;
  /** All values that there are for it, the one that holds first. */
  readonly synonyms: readonly ConfigSynonym[];
}

/** Of one topic: its overrides over what the broker was configured with. */
export function topicConfigEntries(
  overrides: Readonly<Record<string, string>>,
  configured: ReadonlyMap<string, string>,
): ConfigEntry[] {
  return Object.entries(TOPIC_CONFIGS).map(([name, brokerName]) => {
    const override = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
    const own = override === undefined ? [] : [{ name, value: override, source: ConfigSource.TOPIC }];
    return entry(name, false, BROKER_CONFIGS[brokerName], [
      ...own,
      ...brokerSynonyms(brokerName, configured),
    ]);
  });
}

/** Of the broker: all fixed at its start, by its environment. */
export function brokerConfigEntries(configured: ReadonlyMap<string, string>): ConfigEntry[] {
  return Object.entries<ConfigDefinition>(BROKER_CONFIGS).map(([name, definition]) =>
    entry(name, true, definition, brokerSynonyms(name as BrokerConfigName, configured)),
  );
}

function brokerSynonyms(name: BrokerConfigName, configured: ReadonlyMap<string, string>): ConfigSynonym[] {
  const value = configured.get(name);
  const given = value === undefined ? [] : [{ name, value, source: ConfigSource.STATIC_BROKER }];
  return [...given, { name, value: BROKER_CONFIGS[name].default, source: ConfigSource.DEFAULT }];
}

function entry(
  name: string,
  readOnly: boolean,
  definition: ConfigDefinition,
  synonyms: readonly ConfigSynonym[],
): ConfigEntry {
  const { value, source } = synonyms[0] ?? { value: definition.default, source: ConfigSource.DEFAULT };
  const configType = TYPE_CODES[definition.type];
  return { name, value, source, readOnly, configType, documentation: definition.meaning, synonyms };
}
