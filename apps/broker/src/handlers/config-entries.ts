/**
 * Configuration as clients see it: each name of the table with its value, where the value comes from, and what it
 * falls back to. Used by DescribeConfigs and by the answer of CreateTopics. Pure.
 */
import { TOPIC_CONFIGS, type ConfigDefinition, type ConfigType } from '@tidemark/log';
import { BROKER_CONFIGS, TOPIC_FALLBACKS } from '../config-table.js';

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
  return TOPIC_CONFIGS.map((definition) => {
    const { name } = definition;
    const override = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
    const own = override === undefined ? [] : [{ name, value: override, source: ConfigSource.TOPIC }];
    return entry(definition, false, [...own, ...brokerSynonyms(TOPIC_FALLBACKS.get(name), configured)]);
  });
}

/** Of the broker: all fixed at its start, by its environment. */
export function brokerConfigEntries(configured: ReadonlyMap<string, string>): ConfigEntry[] {
  return [...BROKER_CONFIGS.values()].map((definition) =>
    entry(definition, true, brokerSynonyms(definition.name, configured)),
  );
}

/** None for a topic's setting that no setting of the broker stands behind. */
function brokerSynonyms(name: string | undefined, configured: ReadonlyMap<string, string>): ConfigSynonym[] {
  const definition = name === undefined ? undefined : BROKER_CONFIGS.get(name);
  if (definition === undefined) return [];
  const value = configured.get(definition.name);
  const given =
    value === undefined ? [] : [{ name: definition.name, value, source: ConfigSource.STATIC_BROKER }];
  return [...given, { name: definition.name, value: definition.defaultText, source: ConfigSource.DEFAULT }];
}

function entry(
  { name, type, defaultText, documentation }: ConfigDefinition,
  readOnly: boolean,
  synonyms: readonly ConfigSynonym[],
): ConfigEntry {
  const { value, source } = synonyms[0] ?? { value: defaultText, source: ConfigSource.DEFAULT };
  return { name, value, source, readOnly, configType: TYPE_CODES[type], documentation, synonyms };
}
