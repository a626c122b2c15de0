/** Every primitive of the protocol, read and written to the byte, and lengths that lie. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from './reader.js';
import { sizeOfUnsignedVarint, sizeOfVarint, sizeOfVarlong } from './varint.js';
import { WireError } from './wire-error.js';
import { ByteWriter } from './writer.js';

const hexOf = (write: (writer: ByteWriter) => void): string => {
  const writer = new ByteWriter({ initialBytes: 1 });
  write(writer);
  return writer.copy().toString('hex');
};
const readerOf = (hex: string): ByteReader => new ByteReader(Buffer.from(hex, 'hex'));

describe('fixed sizes', () => {
  it.each<[keyof ByteWriter & keyof ByteReader, number, string]>([
    ['int8', -1, 'ff'],
    ['int16', -2, 'fffe'],
    ['uint16', 65535, 'ffff'],
    ['int32', -2147483648, '80000000'],
    ['uint32', 4294967295, 'ffffffff'],
    ['int64', 0, '0000000000000000'],
    ['int64', -1, 'ffffffffffffffff'],
    ['int64', 4294967296, '0000000100000000'],
    ['int64', 2147483648, '0000000080000000'],
    ['int64', -2147483649, 'ffffffff7fffffff'],
    ['int64', Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
    ['int64', Number.MIN_SAFE_INTEGER, 'ffe0000000000001'],
    ['float64', 1.5, '3ff8000000000000'],
  ])('%s %d', (type, value, hex) => {
    expect(hexOf((writer) => (writer[type] as (value: number) => void).call(writer, value))).toBe(hex);
    const reader = readerOf(hex);
    expect((reader[type] as () => number).call(reader)).toBe(value);
  });

  it.each([
    [2 ** 63, '7fffffffffffffff'],
    [2 ** 64, '7fffffffffffffff'],
    [-(2 ** 63), '8000000000000000'],
    [-(2 ** 70), '8000000000000000'],
  ])('int64 %d stays within 64 bits', (value, hex) => {
    expect(hexOf((writer) => writer.int64(value))).toBe(hex);
  });

  it('reads what lies beyond 2^53 without failing', () => {
    expect(readerOf('7fffffffffffffff').int64()).toBe(2 ** 63);
  });
});

describe('varints', () => {
  // The vectors with two and more bytes are those of the protocol buffers documentation and of KIP-482.
  it.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [150, '9601'],
    [300, 'ac02'],
    [16383, 'ff7f'],
    [16384, '808001'],
    [2097151, 'ffff7f'],
    [2097152, '80808001'],
    [268435455, 'ffffff7f'],
    [268435456, '8080808001'],
    [4294967295, 'ffffffff0f'],
  ])('unsigned %d', (value, hex) => {
    expect(hexOf((writer) => writer.unsignedVarint(value))).toBe(hex);
    expect(readerOf(hex).unsignedVarint()).toBe(value);
    expect(sizeOfUnsignedVarint(value)).toBe(hex.length / 2);
  });

  it.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [-2, '03'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [-65, '8101'],
    [2147483647, 'feffffff0f'],
    [-2147483648, 'ffffffff0f'],
  ])('zig-zag %d', (value, hex) => {
    expect(hexOf((writer) => writer.varint(value))).toBe(hex);
    expect(readerOf(hex).varint()).toBe(value);
    expect(sizeOfVarint(value)).toBe(hex.length / 2);
    expect(hexOf((writer) => writer.varlong(value))).toBe(hex);
    expect(readerOf(hex).varlong()).toBe(value);
    expect(sizeOfVarlong(value)).toBe(hex.length / 2);
  });

  it('zig-zag of 64 bits holds every safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const hex = hexOf((writer) => writer.varlong(value));
        expect(readerOf(hex).varlong()).toBe(value);
        expect(sizeOfVarlong(value)).toBe(hex.length / 2);
      }),
    );
  });

  it.each(['ffffffffff01', 'ffffffff1f', 'ffffffffffffffffffff'])('refuses %s: more than 32 bits', (hex) => {
    expect(() => readerOf(hex).unsignedVarint()).toThrow(WireError);
  });

  it.each(['ffffffffffffffffff02', 'ffffffffffffffffffff01', '8080'])('refuses the varlong %s', (hex) => {
    expect(() => readerOf(hex).varlong()).toThrow(WireError);
  });
});

describe('text and blocks', () => {
  it.each([
    ['', '0000', '01'],
    ['a', '000161', '0261'],
    ['é', '0002c3a9', '03c3a9'],
    ['😀', '0004f09f9880', '05f09f9880'],
    ['x'.repeat(41), `0029${'78'.repeat(41)}`, `2a${'78'.repeat(41)}`],
    ['x'.repeat(126), `007e${'78'.repeat(126)}`, `7f${'78'.repeat(126)}`],
    ['x'.repeat(127), `007f${'78'.repeat(127)}`, `8001${'78'.repeat(127)}`],
    ['ä'.repeat(41), `0052${'c3a4'.repeat(41)}`, `53${'c3a4'.repeat(41)}`],
  ])('%s', (text, classic, compact) => {
    expect(hexOf((writer) => writer.string(text))).toBe(classic);
    expect(readerOf(classic).string()).toBe(text);
    expect(hexOf((writer) => writer.compactString(text))).toBe(compact);
    expect(readerOf(compact).compactString()).toBe(text);
    expect(readerOf(compact).compactNullableString()).toBe(text);
  });

  it('reads names that share a slot of the text cache each as itself', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 50 }), { maxLength: 40 }), (texts) => {
        const writer = new ByteWriter();
        for (const text of [...texts, ...texts]) writer.string(text);
        const reader = new ByteReader(writer.written());
        expect([...texts, ...texts].map(() => reader.string())).toEqual([...texts, ...texts]);
      }),
    );
  });

  it('does not take bytes that are no text for a text seen before', () => {
    expect(readerOf('0002efbf').string()).toBe('\ufffd');
    expect(readerOf('0001ff').string()).toBe('\ufffd');
    expect(readerOf('000161').string()).toBe('a');
    expect(readerOf('0001e1').string()).toBe('\ufffd');
  });

  it('writes null as its own length', () => {
    expect(hexOf((writer) => writer.nullableString(null))).toBe('ffff');
    expect(hexOf((writer) => writer.nullableBytes(null))).toBe('ffffffff');
    expect(hexOf((writer) => writer.records(null))).toBe('ffffffff');
    expect(hexOf((writer) => writer.compactRecords(null))).toBe('00');
    expect(hexOf((writer) => writer.compactArrayLength(-1))).toBe('00');
    expect(readerOf('ffff').nullableString()).toBeNull();
    expect(readerOf('00').compactRecords()).toBeNull();
    expect(readerOf('ffffffff').arrayLength(1)).toBe(-1);
  });

  it('copies bytes and shows records as a view', () => {
    const source = Buffer.from('00000002aabb00000002ccdd', 'hex');
    const reader = new ByteReader(source);
    const copy = reader.bytes();
    const view = reader.records();
    source.fill(0);
    expect(Buffer.from(copy).toString('hex')).toBe('aabb');
    expect(view === null ? '' : Buffer.from(view).toString('hex')).toBe('0000');
  });

  it('reads a plain Uint8Array inside a larger buffer, from where it is told to', () => {
    const view = new Uint8Array(Buffer.from('ffff0102030405', 'hex')).subarray(2);
    const reader = new ByteReader(view, 1, 4);
    expect(reader.int16()).toBe(0x0203);
    expect(reader.remaining).toBe(1);
    expect(() => reader.int16()).toThrow(WireError);
    expect(() => reader.reset(view, 3, 6)).toThrow(WireError);
  });
});

describe('lengths that lie', () => {
  const LIES: readonly [string, string, (reader: ByteReader) => unknown][] = [
    ['string', '7fff61', (reader) => reader.string()],
    ['negative string', 'fffe61', (reader) => reader.nullableString()],
    ['null string', 'ffff', (reader) => reader.string()],
    ['compact null string', '00', (reader) => reader.compactString()],
    ['compact string', 'ffffffff0f61', (reader) => reader.compactString()],
    ['string beyond 32 KiB', `818002${'61'.repeat(32768)}`, (reader) => reader.compactString()],
    ['bytes', '7fffffff61', (reader) => reader.bytes()],
    ['negative bytes', '8000000061', (reader) => reader.nullableBytes()],
    ['compact bytes', 'ffffffff0f61', (reader) => reader.compactBytes()],
    ['records', '7fffffff61', (reader) => reader.records()],
    ['compact records', 'ffffffff0f61', (reader) => reader.compactRecords()],
    ['array', '7fffffff61', (reader) => reader.arrayLength(1)],
    ['array of larger elements', '000000020000', (reader) => reader.arrayLength(2)],
    ['negative array', 'fffffffe', (reader) => reader.arrayLength(1)],
    ['compact array', 'ffffffff0f61', (reader) => reader.compactArrayLength(1)],
    ['tagged section', 'ffffffff0f0000', (reader) => reader.skipTaggedFields()],
    ['tagged field', '0100ffffffff0f', (reader) => reader.skipTaggedFields()],
    ['view', '00', (reader) => reader.view(-1)],
    ['skip', '00', (reader) => reader.skip(Number.NaN)],
  ];

  it.each(LIES)('%s: refused, nothing of that size is made', (_name, hex, read) => {
    const reader = readerOf(hex);
    const before = process.memoryUsage();
    expect(() => read(reader)).toThrow(WireError);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1 << 20);
    expect(after.heapTotal - before.heapTotal).toBeLessThan(64 << 20);
  });
});

describe('elements', () => {
  it('are bounded over the whole message, and counted anew for the next', () => {
    const bytes = Buffer.from('00000003000000000000000500000000000000', 'hex');
    const reader = new ByteReader(bytes);
    reader.elementsMax = 7;
    reader.reset(bytes);
    expect(reader.arrayLength(1)).toBe(3);
    reader.skip(4);
    expect(() => reader.arrayLength(1)).toThrow('more than 7 array elements');
    reader.reset(bytes, 8);
    expect(reader.arrayLength(1)).toBe(5);
  });
});

describe('uuid', () => {
  it.each([
    ['00112233-4455-6677-8899-aabbccddeeff', '00112233445566778899aabbccddeeff'],
    ['00000000-0000-0000-0000-000000000000', '00000000000000000000000000000000'],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff', 'ffffffffffffffffffffffffffffffff'],
  ])('%s', (text, hex) => {
    expect(hexOf((writer) => writer.uuid(text))).toBe(hex);
    expect(readerOf(hex).uuid()).toBe(text);
  });

  it('keeps apart ids that share a slot, and forgets ids rather than grow', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid(), { minLength: 600, maxLength: 600 }), (ids) => {
        const writer = new ByteWriter();
        for (const id of ids) writer.uuid(id);
        const reader = new ByteReader(writer.written());
        expect(ids.map(() => reader.uuid())).toEqual(ids);
      }),
      { numRuns: 5 },
    );
  });

  it.each(['', 'x', '00112233-4455-6677-8899-aabbccddeefg', '001122334455-6677-8899-aabbccddeeff0-'])(
    'refuses %s',
    (text) => {
      expect(() => hexOf((writer) => writer.uuid(text))).toThrow(WireError);
    },
  );
});
