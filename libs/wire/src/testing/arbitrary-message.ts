/**
 * Random messages for a schema and a version, for property tests: every field that the version has gets any value that
 * it may have, every other field its default, so that what was decoded can be compared with what was encoded as it is.
 * Test only.
 */
import fc from 'fast-check';
import type { AnyField, FieldMap, FieldType, Primitive } from '../schema/field.js';
import { ByteReader } from '../bytes/reader.js';
import { ZERO_UUID } from '../bytes/uuid.js';
import { WireError } from '../bytes/wire-error.js';

export type Message = Record<string, unknown>;

export function arbitraryMessage(fields: FieldMap, version: number): fc.Arbitrary<Message> {
  const entries = Object.entries(fields).map(
    ([name, field]) =>
      [name, field.isIn(version) ? arbitraryField(field, version) : fc.constant(defaultOf(field))] as const,
  );
  return fc.record(Object.fromEntries(entries), { noNullPrototype: true });
}

/** Lengths at which `bytes`, cut off, do anything else than throw `WireError`; one call for all, as it runs often. */
export function lengthsNotRefused(bytes: Uint8Array, decode: (reader: ByteReader) => unknown): number[] {
  const lengths: number[] = [];
  for (let length = 0; length < bytes.length; length += 1) {
    try {
      decode(new ByteReader(bytes, 0, length));
      lengths.push(length);
    } catch (error) {
      if (!(error instanceof WireError)) lengths.push(length);
    }
  }
  return lengths;
}

/** Uint8Arrays as hexadecimal text, so that views, copies and buffers compare by content. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return value;
}

export function defaultOf(field: AnyField): unknown {
  if (field.default !== undefined) return field.default;
  if (field.type.kind === 'array') return [];
  if (field.type.kind === 'struct') {
    return Object.fromEntries(
      Object.entries(field.type.fields).map(([name, inner]) => [name, defaultOf(inner)]),
    );
  }
  return EMPTY[field.type.primitive];
}

const EMPTY: Readonly<Record<Primitive, unknown>> = {
  bool: false,
  int8: 0,
  int16: 0,
  uint16: 0,
  int32: 0,
  uint32: 0,
  int64: 0,
  float64: 0,
  uuid: ZERO_UUID,
  string: '',
  bytes: new Uint8Array(0),
  records: new Uint8Array(0),
};

function arbitraryField(field: AnyField, version: number): fc.Arbitrary<unknown> {
  const value = arbitraryType(field.type, version);
  const nullable = field.isNullableIn(version) ? fc.option(value, { freq: 4 }) : value;
  return field.tag === undefined ? nullable : fc.oneof(fc.constant(defaultOf(field)), nullable);
}

function arbitraryType(type: FieldType, version: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'primitive':
      return PRIMITIVES[type.primitive];
    case 'struct':
      return arbitraryMessage(type.fields, version);
    case 'array':
      return fc.array(arbitraryType(type.element, version), { maxLength: 3 });
  }
}

const integer = (bits: number): fc.Arbitrary<number> =>
  fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const blob = fc.uint8Array({ maxLength: 40 });

const PRIMITIVES: Readonly<Record<Primitive, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: integer(8),
  int16: integer(16),
  uint16: fc.nat(0xffff),
  int32: integer(32),
  uint32: fc.nat(0xffffffff),
  int64: fc.maxSafeInteger(),
  float64: fc.double({ noNaN: true }),
  uuid: fc.oneof(fc.constant(ZERO_UUID), fc.uuid()),
  string: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.string({ maxLength: 140 })),
  bytes: blob,
  records: blob,
};
