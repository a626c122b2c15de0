/** The schema language: version ranges, null, tagged fields, arrays and the names that go into source. */
import { describe, expect, it } from '@jest/globals';
import { ByteReader } from '../bytes/reader.js';
import { ZERO_UUID } from '../bytes/uuid.js';
import { WireError } from '../bytes/wire-error.js';
import { ByteWriter } from '../bytes/writer.js';
import type { Encodable, FieldMap } from './field.js';
import {
  arrayOf,
  bytes,
  int16,
  int32,
  int64,
  nullableArrayOf,
  nullableString,
  nullableStruct,
  string,
  struct,
  uuid,
} from './fields.js';
import { Schema } from './schema.js';

const schemaOf = <F extends FieldMap>(fields: F, flexibleFrom = 2): Schema<F> =>
  new Schema({ name: 'Test', versions: { min: 0, max: 4 }, flexibleFrom }, fields);
const hexOf = <F extends FieldMap>(schema: Schema<F>, version: number, message: Encodable<F>): string => {
  const writer = new ByteWriter({ initialBytes: 1 });
  schema.encode(version, writer, message);
  return writer.copy().toString('hex');
};
const decode = <F extends FieldMap>(schema: Schema<F>, version: number, hex: string) =>
  schema.decode(version, new ByteReader(Buffer.from(hex, 'hex')));

describe('versions of a field', () => {
  const schema = schemaOf({
    a: int16(),
    b: int32({ since: 1, default: -1 }),
    c: int16({ until: 1 }),
    d: string(),
  });

  it.each([
    [0, '0001' + '0003' + '000178', { a: 1, b: -1, c: 3, d: 'x' }],
    [1, '0001' + '00000002' + '0003' + '000178', { a: 1, b: 2, c: 3, d: 'x' }],
    [2, '0001' + '00000002' + '0278' + '00', { a: 1, b: 2, c: 0, d: 'x' }],
  ])('version %d', (version, hex, decoded) => {
    expect(hexOf(schema, version, { a: 1, b: 2, c: 3, d: 'x' })).toBe(hex);
    expect(decode(schema, version, hex)).toEqual(decoded);
    expect(Object.keys(decode(schema, version, hex))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('writes the default of what was not given', () => {
    expect(hexOf(schema, 1, { a: 1, d: '' })).toBe('0001' + 'ffffffff' + '0000' + '0000');
  });

  it('refuses versions outside of its range', () => {
    expect(() => decode(schema, 5, '00')).toThrow(WireError);
    expect(() => decode(schema, -1, '00')).toThrow(WireError);
    expect(() => hexOf(schema, 5, { a: 1, d: '' })).toThrow('no version 5');
  });
});

describe('null', () => {
  const schema = schemaOf({
    text: nullableString({ nullableSince: 1 }),
    list: nullableArrayOf(int16(), { nullableSince: 1 }),
  });

  it.each([
    [0, '0000' + '00000000', { text: '', list: [] }],
    [1, 'ffff' + 'ffffffff', { text: null, list: null }],
    [2, '00' + '00' + '00', { text: null, list: null }],
  ])('in version %d', (version, hex, decoded) => {
    expect(hexOf(schema, version, { text: null, list: null })).toBe(hex);
    expect(decode(schema, version, hex)).toEqual(decoded);
  });

  it.each(['ffff' + '00000000', '0000' + 'ffffffff'])(
    'is refused where a version does not know it: %s',
    (hex) => {
      expect(() => decode(schema, 0, hex)).toThrow(WireError);
    },
  );

  it('stands before a struct as a byte of its own', () => {
    const cursor = schemaOf({ cursor: nullableStruct({ at: int32() }) });
    expect(hexOf(cursor, 2, { cursor: null })).toBe('ff' + '00');
    expect(hexOf(cursor, 2, { cursor: { at: 7 } })).toBe('01' + '00000007' + '00' + '00');
    expect(decode(cursor, 2, 'ff00')).toEqual({ cursor: null });
    expect(decode(cursor, 2, '01000000070000')).toEqual({ cursor: { at: 7 } });
  });
});

describe('tagged fields', () => {
  const schema = schemaOf({
    name: string(),
    owner: nullableString({ since: 2, tag: 3, default: null }),
    epoch: int64({ since: 2, tag: 0, default: -1 }),
    leader: struct(
      { id: int32({ default: -1 }), rack: nullableString({ default: null }) },
      { since: 3, tag: 1 },
    ),
    ids: arrayOf(uuid(), { since: 2, tag: 2 }),
    blob: bytes({ since: 2, tag: 9 }),
  });
  const empty = {
    name: 'n',
    owner: null,
    epoch: -1,
    leader: { id: -1, rack: null },
    ids: [],
    blob: new Uint8Array(0),
  };

  it('are left out when they equal their default', () => {
    expect(hexOf(schema, 3, empty)).toBe('026e' + '00');
    expect(hexOf(schema, 3, { name: 'n' })).toBe('026e' + '00');
    expect(decode(schema, 3, '026e00')).toEqual(empty);
  });

  it('are written by ascending tag, each with its size', () => {
    const hex = '026e' + '03' + '0008000000000000002a' + '0106' + '00000001' + '00' + '00' + '0302' + '026f';
    const message = { name: 'n', owner: 'o', epoch: 42, leader: { id: 1 } };
    expect(hexOf(schema, 3, message)).toBe(hex);
    expect(decode(schema, 3, hex)).toEqual({ ...empty, ...message, leader: { id: 1, rack: null } });
  });

  it('count a struct that differs in one member only', () => {
    expect(hexOf(schema, 3, { name: 'n', leader: { rack: 'r' } })).toBe(
      '026e' + '01' + '0107' + 'ffffffff' + '0272' + '00',
    );
  });

  it('measure long values', () => {
    const ids = Array.from({ length: 10 }, () => ZERO_UUID);
    expect(hexOf(schema, 3, { name: 'n', ids })).toBe(
      '026e' + '01' + '02' + 'a101' + '0b' + '00'.repeat(160),
    );
  });

  it('are not written, and skipped when read, in versions that do not have them', () => {
    expect(hexOf(schema, 1, { name: 'n', epoch: 42 })).toBe('00016e');
    expect(hexOf(schema, 2, { name: 'n', leader: { id: 1 } })).toBe('026e' + '00');
    expect(decode(schema, 2, '026e' + '01' + '0106' + '00000001' + '00' + '00')).toEqual(empty);
  });

  it('that nobody knows are skipped, at every level', () => {
    const hex = '026e' + '03' + '0109' + '00000001' + '00' + '01' + '0501aa' + '0700' + '8001' + '03aabbcc';
    expect(decode(schema, 3, hex)).toEqual({ ...empty, leader: { id: 1, rack: null } });
  });

  it.each([
    ['a size too small', '026e' + '01' + '0007' + '000000000000002a'],
    ['a size too large', '026e' + '01' + '0009' + '000000000000002aff'],
    ['a size beyond the message', '026e' + '01' + '0508' + '0000'],
    ['a count beyond the message', '026e' + '02' + '0500'],
    ['a huge count', '026e' + 'ffffffff0f' + '0500'],
  ])('with %s are a wire error', (_name, hex) => {
    expect(() => decode(schema, 3, hex)).toThrow(WireError);
  });

  it('must not be in a version that is not flexible', () => {
    const wrong = schemaOf({ epoch: int64({ tag: 0 }) });
    expect(() => hexOf(wrong, 1, {})).toThrow('tagged');
  });
});

describe('arrays', () => {
  const schema = schemaOf({ list: arrayOf({ id: int32(), names: arrayOf(string()) }) });

  it('are counted in front', () => {
    const message = {
      list: [
        { id: 1, names: ['a', ''] },
        { id: 2, names: [] },
      ],
    };
    const classic = '00000002' + '00000001' + '00000002' + '000161' + '0000' + '00000002' + '00000000';
    const compact = '03' + '00000001' + '03' + '0261' + '01' + '00' + '00000002' + '01' + '00' + '00';
    expect(hexOf(schema, 0, message)).toBe(classic);
    expect(hexOf(schema, 2, message)).toBe(compact);
    expect(decode(schema, 0, classic)).toEqual(message);
    expect(decode(schema, 2, compact)).toEqual(message);
  });

  it('are refused when so many elements cannot follow, before any is read', () => {
    // Two elements take at least 16 bytes, or 12 when compact; one byte less follows.
    expect(() => decode(schema, 0, '00000002' + '00'.repeat(15))).toThrow('array of 2 elements');
    expect(() => decode(schema, 2, '03' + '01'.repeat(11))).toThrow('array of 2 elements');
  });

  it('of structs without a field cannot be endless', () => {
    const hollow = schemaOf({ list: arrayOf({ late: int16({ since: 1 }) }) });
    expect(() => decode(hollow, 0, '7fffffff')).toThrow(WireError);
  });
});

describe('names', () => {
  it('must be plain identifiers, because they go into source', () => {
    expect(() => hexOf(schemaOf({ 'a);process.exit(': int16() }), 0, { 'a);process.exit(': 1 })).toThrow(
      'field name',
    );
  });
});
