/**
 * Locks the layout of every version of every message. All of them were compared, value by value, with an interpreter
 * of Apache Kafka's published definitions; what that comparison accepted is kept as a digest of one fixed message per
 * version in `testdata/layouts.txt`. A line that differs is a layout that changed: when that was the purpose, compare
 * the new layout with the definitions again and write the file anew with UPDATE_LAYOUTS=1.
 */
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { ByteWriter } from '../bytes/writer.js';
import type { AnyField, FieldMap, FieldType } from '../schema/field.js';
import { APIS } from './index.js';

const file = new URL('../../testdata/layouts.txt', import.meta.url);

/** A message in which no field has its default and neighbours differ, the same in every run. */
function fixedMessage(fields: FieldMap, next: () => number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fixedValue(field, next)]));
}

const fixedValue = (field: AnyField, next: () => number): unknown => fixedTyped(field.type, next);

function fixedTyped(type: FieldType, next: () => number): unknown {
  if (type.kind === 'struct') return fixedMessage(type.fields, next);
  if (type.kind === 'array') return [fixedTyped(type.element, next), fixedTyped(type.element, next)];
  const value = next();
  switch (type.primitive) {
    case 'bool':
      return true;
    case 'string':
      return `s${value}`;
    case 'uuid':
      return `00000000-0000-4000-8000-${value.toString(16).padStart(12, '0')}`;
    case 'bytes':
    case 'records':
      return Uint8Array.of(value & 0xff, 0xaa);
    case 'int8':
      return value % 120;
    default:
      return value;
  }
}

function layoutLines(): string[] {
  const lines: string[] = [];
  for (const schema of APIS.flatMap(({ request, response }) => [request, response])) {
    for (let version = schema.versions.min; version <= schema.versions.max; version += 1) {
      let counter = 0;
      const message = fixedMessage(schema.fields, () => (counter += 1));
      const writer = new ByteWriter();
      schema.encode(version, writer, message as never);
      const digest = createHash('sha256').update(writer.written()).digest('hex').slice(0, 16);
      lines.push(`${schema.name} ${version}: ${writer.position} bytes, ${digest}`);
    }
  }
  return lines;
}

describe('layouts', () => {
  it('are those that were compared with the published definitions', () => {
    const lines = layoutLines();
    if (process.env.UPDATE_LAYOUTS === '1') writeFileSync(file, `${lines.join('\n')}\n`);
    expect(lines).toEqual(readFileSync(file, 'utf8').trimEnd().split('\n'));
  });
});
