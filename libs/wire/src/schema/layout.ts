/**
 * Questions that both source writers ask about a struct in one version: which fields are in line, which are tagged,
 * how few bytes it can take, what a field is when it is absent. Pure functions over fields; `Version` says which
 * version is being compiled and whether it is flexible (compact lengths, tagged sections).
 */
import { assert } from '@tidemark/platform';
import { ZERO_UUID } from '../bytes/uuid.js';
import type { AnyField, FieldMap, FieldType, Primitive } from './field.js';

export interface Version {
  readonly number: number;
  readonly flexible: boolean;
}

export interface Member {
  readonly name: string;
  readonly field: AnyField;
}

const BYTES_MIN: Readonly<Record<Primitive, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
  string: 2,
  bytes: 4,
  records: 4,
};

const HAS_LENGTH: ReadonlySet<Primitive> = new Set<Primitive>(['string', 'bytes', 'records']);

/** Names go into generated source, so they must be plain identifiers. */
export function membersOf(fields: FieldMap): Member[] {
  return Object.entries(fields).map(([name, field]) => {
    assert(/^[a-z][A-Za-z0-9]*$/.test(name), `not a field name: ${name}`);
    return { name, field };
  });
}

export function inLineMembers(fields: FieldMap, version: Version): Member[] {
  return membersOf(fields).filter(({ field }) => field.tag === undefined && field.isIn(version.number));
}

/** Members of the tagged section, by ascending tag; none in versions that are not flexible. */
export function taggedMembers(fields: FieldMap, version: Version): (Member & { tag: number })[] {
  return membersOf(fields)
    .flatMap(({ name, field }) => {
      if (field.tag === undefined || !field.isIn(version.number)) return [];
      assert(version.flexible, `${name} is tagged in a version without tagged fields`);
      return [{ name, field, tag: field.tag }];
    })
    .sort((a, b) => a.tag - b.tag);
}

/** The fewest bytes that a value of this type can take: what an array's count is checked with. */
export function bytesMin(type: FieldType, version: Version): number {
  if (type.kind === 'array') return version.flexible ? 1 : 4;
  if (type.kind === 'primitive') {
    return version.flexible && HAS_LENGTH.has(type.primitive) ? 1 : BYTES_MIN[type.primitive];
  }
  let sum = version.flexible ? 1 : 0;
  for (const { field } of inLineMembers(type.fields, version)) {
    sum +=
      field.type.kind === 'struct' && field.isNullableIn(version.number) ? 1 : bytesMin(field.type, version);
  }
  return sum;
}

/** The method of `ByteReader` and `ByteWriter` for a primitive: `int32`, `string`, `compactNullableString`. */
export function methodOf(primitive: Primitive, version: Version, nullable: boolean): string {
  if (!HAS_LENGTH.has(primitive)) return primitive;
  const words = [
    version.flexible ? 'compact' : '',
    nullable && primitive !== 'records' ? 'nullable' : '',
    primitive,
  ].filter((word) => word !== '');
  return words.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
}

/** JavaScript source of a fresh default value of the field. */
export function defaultSource(field: AnyField): string {
  const given = field.default;
  if (field.type.kind === 'struct') {
    return given === null ? 'null' : structDefaultSource(field.type.fields, given);
  }
  return given === undefined ? emptySource(field.type) : JSON.stringify(given);
}

/** JavaScript source of the empty value of a type: what stands for null in versions without null. */
export function emptySource(type: FieldType): string {
  if (type.kind === 'array') return '[]';
  if (type.kind === 'struct') return structDefaultSource(type.fields, undefined);
  switch (type.primitive) {
    case 'bool':
      return 'false';
    case 'string':
      return '""';
    case 'uuid':
      return JSON.stringify(ZERO_UUID);
    case 'bytes':
    case 'records':
      return 'new Uint8Array(0)';
    default:
      return '0';
  }
}

function structDefaultSource(fields: FieldMap, given: unknown): string {
  const values = (given ?? {}) as Readonly<Record<string, unknown>>;
  const members = membersOf(fields).map(({ name, field }) =>
    name in values ? `${name}: ${JSON.stringify(values[name])}` : `${name}: ${defaultSource(field)}`,
  );
  return `{ ${members.join(', ')} }`;
}
