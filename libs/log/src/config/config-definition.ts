/**
 * How one configuration value is checked: its type and bounds as data, and the functions that read a text by them.
 * Pure; used by the table of topic configurations here and by the broker's own table.
 */

export type ConfigType = 'int' | 'long' | 'double' | 'boolean' | 'string' | 'list';

export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  /** As Kafka prints it; a list is joined by commas. */
  readonly defaultText: string;
  /** Bounds of a number, both inclusive. */
  readonly min?: number;
  readonly max?: number;
  /** The only texts allowed; of a list, the only elements. */
  readonly allowed?: readonly string[];
  /** Broker configurations that give the default, strongest first; `scale` turns their unit into ours. */
  readonly brokerNames?: readonly { readonly name: string; readonly scale?: number }[];
  readonly documentation: string;
}

export type ConfigValue = number | boolean | string | readonly string[];

export const INT_MAX = 2 ** 31 - 1;
/** Kafka's "never": Long.MAX_VALUE, rounded to a number. */
export const LONG_MAX = 2 ** 63;
export const LONG_MAX_TEXT = '9223372036854775807';

/** The value that `text` stands for, or why it stands for none. */
export function parseConfig(
  definition: ConfigDefinition,
  given: string,
): { readonly value: ConfigValue } | { readonly fault: string } {
  const text = given.trim();
  switch (definition.type) {
    case 'int':
    case 'long':
    case 'double':
      return parseNumber(definition, text);
    case 'boolean': {
      const lower = text.toLowerCase();
      if (lower === 'true' || lower === 'false') return { value: lower === 'true' };
      return fault(definition, text, 'must be true or false');
    }
    case 'string':
      return isAllowed(definition, text) ? { value: text } : notAllowed(definition, text);
    case 'list': {
      const elements = text === '' ? [] : text.split(',').map((element) => element.trim());
      if (elements.every((element) => isAllowed(definition, element))) return { value: elements };
      return notAllowed(definition, text);
    }
  }
}

function parseNumber(definition: ConfigDefinition, text: string): { value: number } | { fault: string } {
  const shape = definition.type === 'double' ? /^-?\d+(\.\d+)?([eE]-?\d+)?$/ : /^[+-]?\d+$/;
  if (!shape.test(text)) return fault(definition, text, `is not a number of type ${definition.type}`);
  const value = Number(text);
  const min = definition.min ?? (definition.type === 'int' ? -INT_MAX - 1 : -LONG_MAX);
  const max = definition.max ?? (definition.type === 'int' ? INT_MAX : LONG_MAX);
  if (value < min) return fault(definition, text, `must be at least ${min}`);
  if (value > max) return fault(definition, text, `must be at most ${max}`);
  return { value };
}

function isAllowed(definition: ConfigDefinition, text: string): boolean {
  return definition.allowed === undefined || definition.allowed.includes(text);
}

function notAllowed(definition: ConfigDefinition, text: string): { fault: string } {
  return fault(definition, text, `must be of: ${definition.allowed?.join(', ') ?? ''}`);
}

/** Worded as Kafka words it, because its clients show the text to people. */
function fault(definition: ConfigDefinition, text: string, reason: string): { fault: string } {
  return { fault: `Invalid value ${text} for configuration ${definition.name}: Value ${reason}` };
}
