/**
 * What a message would be after it was written and read again, without the bytes: fields that were not given, or that
 * the version does not have, get their defaults. For requests that a broker puts to itself. Pure; arrays, bytes and
 * structs without anything to fill in are copied all the same, so that the receiver may keep and change what it gets.
 */
import { ZERO_UUID } from '../bytes/uuid.js';
import type { AnyField, Decoded, Encodable, FieldMap, FieldType } from './field.js';
import type { Schema } from './schema.js';

export function completed<F extends FieldMap>(
  schema: Schema<F>,
  version: number,
  message: Encodable<F>,
): Decoded<F> {
  return completedStruct(schema.fields, version, message) as Decoded<F>;
}

function completedStruct(fields: FieldMap, version: number, given: unknown): Record<string, unknown> {
  const values = (given ?? {}) as Readonly<Record<string, unknown>>;
  const message: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    message[name] = completedField(field, version, values[name]);
  }
  return message;
}

function completedField(field: AnyField, version: number, given: unknown): unknown {
  const there = field.isIn(version);
  const value = there && given !== undefined ? given : field.default;
  // Null, given or by default, is written as the empty value where a version has the field but not its null.
  if (value === null) return there && !field.isNullableIn(version) ? emptyOf(field.type, version) : null;
  return value === undefined ? emptyOf(field.type, version) : completedValue(field.type, version, value);
}

function completedValue(type: FieldType, version: number, value: unknown): unknown {
  switch (type.kind) {
    case 'primitive':
      return value;
    case 'array':
      return (value as readonly unknown[]).map((element) => completedValue(type.element, version, element));
    case 'struct':
      return completedStruct(type.fields, version, value);
  }
}

function emptyOf(type: FieldType, version: number): unknown {
  if (type.kind === 'array') return [];
  if (type.kind === 'struct') return completedStruct(type.fields, version, undefined);
  switch (type.primitive) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
    case 'records':
      return new Uint8Array(0);
    default:
      return 0;
  }
}
