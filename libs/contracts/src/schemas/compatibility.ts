/**
 * Whether whoever reads by a newer JSON Schema can read everything that was written by an older one (what Confluent
 * calls BACKWARD, held against every older schema: BACKWARD_TRANSITIVE). The log is kept for ever, so a schema may
 * only become more lenient: new optional members, wider limits, more enum values. Covers the part of JSON Schema that
 * zod writes; a keyword that is not known here must stay as it is.
 */
import { canonicalJson } from '../canonical-json.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Says nothing about which values are valid. */
const ANNOTATIONS = new Set(['$schema', '$id', 'title', 'description', 'default', 'examples']);
/** The value may only sink. */
const LOWER_BOUNDS = ['minimum', 'minLength', 'minItems', 'exclusiveMinimum'];
/** The value may only rise. */
const UPPER_BOUNDS = ['maximum', 'maxLength', 'maxItems', 'exclusiveMaximum'];
const HANDLED = new Set([
  ...ANNOTATIONS,
  ...LOWER_BOUNDS,
  ...UPPER_BOUNDS,
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  'oneOf',
]);

/** What the newer schema refuses, or may refuse, of what the older one allowed; empty when it reads everything. */
export function incompatibilities(older: JsonSchema, newer: JsonSchema, path = ''): string[] {
  const alternatives = alternativesOf(older);
  if (alternatives !== undefined || alternativesOf(newer) !== undefined) {
    return alternativeFaults(alternatives ?? [older], alternativesOf(newer) ?? [newer], path);
  }
  return [
    ...typeFaults(older, newer, path),
    ...valueFaults(older, newer, path),
    ...boundFaults(older, newer, path),
    ...memberFaults(older, newer, path),
    ...itemFaults(older, newer, path),
    ...otherFaults(older, newer, path),
  ];
}

function alternativesOf(schema: JsonSchema): readonly JsonSchema[] | undefined {
  const found = schema.anyOf ?? schema.oneOf;
  return Array.isArray(found) ? (found as readonly JsonSchema[]) : undefined;
}

/** Every alternative of old must be read by some alternative of now. */
function alternativeFaults(
  older: readonly JsonSchema[],
  newer: readonly JsonSchema[],
  path: string,
): string[] {
  return older.flatMap((old, index) =>
    newer.some((now) => incompatibilities(old, now).length === 0)
      ? []
      : [`${path || '/'}: nothing reads alternative ${index + 1} any more`],
  );
}

function asList(value: unknown): readonly unknown[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function typeFaults(older: JsonSchema, newer: JsonSchema, path: string): string[] {
  const now = asList(newer.type);
  if (now === undefined) return [];
  const old = asList(older.type) ?? [];
  if (old.length === 0) return [`${path || '/'}: only ${now.join(', ')} is read now`];
  const lost = old.filter((type) => !now.includes(type) && !(type === 'integer' && now.includes('number')));
  return lost.map((type) => `${path || '/'}: ${String(type)} is not read any more`);
}

function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  return 'const' in schema ? [schema.const] : asList(schema.enum);
}

function valueFaults(older: JsonSchema, newer: JsonSchema, path: string): string[] {
  const now = valuesOf(newer)?.map(canonicalJson);
  if (now === undefined) return [];
  const old = valuesOf(older);
  if (old === undefined) return [`${path || '/'}: only certain values are read now`];
  return old
    .filter((value) => !now.includes(canonicalJson(value)))
    .map((value) => `${path || '/'}: ${canonicalJson(value)} is not read any more`);
}

function boundFaults(older: JsonSchema, newer: JsonSchema, path: string): string[] {
  const faults: string[] = [];
  const check = (name: string, allowed: (old: number, now: number) => boolean): void => {
    const now = newer[name];
    const old = older[name];
    if (typeof now !== 'number') return;
    if (typeof old !== 'number' || !allowed(old, now)) faults.push(`${path || '/'}: ${name} is narrower`);
  };
  for (const name of LOWER_BOUNDS) check(name, (old, now) => now <= old);
  for (const name of UPPER_BOUNDS) check(name, (old, now) => now >= old);
  return faults;
}

function membersOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
}

function memberFaults(older: JsonSchema, newer: JsonSchema, path: string): string[] {
  const old = membersOf(older);
  const now = membersOf(newer);
  const required = asList(older.required) ?? [];
  const faults = (asList(newer.required) ?? [])
    .filter((name) => !required.includes(name))
    .map((name) => `${path}/${String(name)}: is required now`);
  for (const [name, schema] of Object.entries(now)) {
    const before = old[name];
    if (before !== undefined) faults.push(...incompatibilities(before, schema, `${path}/${name}`));
  }
  // A member that was dropped is passed over by the reader, unless the reader refuses strangers.
  const lost = Object.keys(old).filter((name) => now[name] === undefined);
  const strangers = newer.additionalProperties;
  if (strangers === false) faults.push(...lost.map((name) => `${path}/${name}: is not read any more`));
  if (isSchema(strangers)) {
    const before = older.additionalProperties;
    const faultsOfStrangers = isSchema(before)
      ? incompatibilities(before, strangers, `${path}/*`)
      : [`${path}/*: is narrower`];
    faults.push(...faultsOfStrangers);
  }
  if (strangers === false && older.additionalProperties !== false) {
    faults.push(`${path || '/'}: unknown members are refused now`);
  }
  return faults;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function itemFaults(older: JsonSchema, newer: JsonSchema, path: string): string[] {
  const now = newer.items;
  if (!isSchema(now)) return [];
  const old = older.items;
  return isSchema(old) ? incompatibilities(old, now, `${path}[]`) : [`${path}[]: is narrower`];
}

/** Patterns and the like: dropping one is lenient, adding or changing one may refuse. */
function otherFaults(older: JsonSchema, newer: JsonSchema, path: string): string[] {
  return Object.keys(newer)
    .filter((name) => !HANDLED.has(name))
    .filter((name) => older[name] === undefined || canonicalJson(older[name]) !== canonicalJson(newer[name]))
    .map((name) => `${path || '/'}: ${name} is new or changed`);
}
