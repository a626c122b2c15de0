/** The writer's buffer: growth, references to large blocks, sizes put in front. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WireError } from './wire-error.js';
import { ByteWriter } from './writer.js';

const block = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

/** One call each; every one of them must survive that the buffer is replaced under it. */
const CALLS: readonly [string, (writer: ByteWriter) => void, string][] = [
  ['int8', (w) => w.int8(1), '01'],
  ['bool', (w) => w.bool(true), '01'],
  ['int16', (w) => w.int16(1), '0001'],
  ['int32', (w) => w.int32(1), '00000001'],
  ['int64', (w) => w.int64(2 ** 40), '0000010000000000'],
  ['float64', (w) => w.float64(1.5), '3ff8000000000000'],
  ['uuid', (w) => w.uuid('00112233-4455-6677-8899-aabbccddeeff'), '00112233445566778899aabbccddeeff'],
  ['varint', (w) => w.unsignedVarint(300), 'ac02'],
  ['short varint', (w) => w.unsignedVarint(3), '03'],
  ['varlong', (w) => w.varlong(-65), '8101'],
  ['string', (w) => w.string('abc'), '0003616263'],
  ['compact string', (w) => w.compactString('abc'), '04616263'],
  ['long string', (w) => w.compactString('é'.repeat(100)), `c901${'c3a9'.repeat(100)}`],
  ['bytes', (w) => w.bytes(block(3, 7)), '00000003070707'],
  ['records', (w) => w.compactRecords(block(3, 7)), '04070707'],
];

describe('growing', () => {
  it.each(CALLS)('%s is right wherever the buffer ends', (_name, call, hex) => {
    for (let initialBytes = 1; initialBytes < 24; initialBytes += 1) {
      const writer = new ByteWriter({ initialBytes });
      writer.int16(0x7777);
      call(writer);
      call(writer);
      expect(writer.copy().toString('hex')).toBe(`7777${hex}${hex}`);
    }
  });

  it('refuses to grow beyond its limit, also by references', () => {
    const writer = new ByteWriter({ initialBytes: 8, bytesMax: 16, referenceBytesMin: 4 });
    writer.int64(1);
    const mark = { position: writer.position, byteLength: writer.byteLength };
    expect(() => writer.string('123456789')).toThrow(WireError);
    writer.rewind(mark);
    writer.records(block(4, 1));
    expect(() => writer.block(block(4, 1))).toThrow(WireError);
    expect(writer.byteLength).toBe(16);
  });

  it('refuses strings that no reader takes', () => {
    expect(() => new ByteWriter().string('x'.repeat(32768))).toThrow(WireError);
    expect(() => new ByteWriter().compactString('é'.repeat(16384))).toThrow(WireError);
  });

  it('keeps its buffer and forgets its bytes on reset', () => {
    const writer = new ByteWriter({ initialBytes: 4, referenceBytesMin: 2 });
    writer.records(block(5, 1));
    writer.reset();
    expect(writer.byteLength).toBe(0);
    writer.int16(3);
    expect(writer.written().toString('hex')).toBe('0003');
  });
});

describe('references', () => {
  it('sends large blocks as they are, in their places', () => {
    const writer = new ByteWriter({ initialBytes: 4, referenceBytesMin: 4 });
    const large = block(5, 0xaa);
    writer.int16(1);
    writer.records(large);
    writer.records(block(2, 0xbb));
    writer.compactRecords(block(4, 0xcc));
    const chunks = writer.chunks();
    expect(chunks[1]).toBe(large);
    expect(Buffer.concat(chunks).toString('hex')).toBe(
      '0001' + '00000005' + 'aaaaaaaaaa' + '00000002' + 'bbbb' + '05' + 'cccccccc',
    );
    expect(writer.byteLength).toBe(2 + 9 + 6 + 5);
    expect(() => writer.written()).toThrow(WireError);
  });

  it('writes the same bytes with and without them', () => {
    const parts = fc.array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.integer()), { maxLength: 20 });
    fc.assert(
      fc.property(parts, fc.nat(20), (list, referenceBytesMin) => {
        const [copying, referencing] = [
          new ByteWriter(),
          new ByteWriter({ referenceBytesMin: referenceBytesMin + 1 }),
        ];
        for (const writer of [copying, referencing]) {
          for (const part of list) {
            if (typeof part === 'number') writer.int32(part);
            else writer.records(part);
          }
        }
        expect(referencing.copy().equals(copying.written())).toBe(true);
        expect(referencing.byteLength).toBe(copying.position);
      }),
    );
  });

  it('drops exactly what was written since a mark', () => {
    const writer = new ByteWriter({ referenceBytesMin: 2 });
    writer.int8(1);
    writer.block(block(3, 0xaa));
    const mark = { position: writer.position, byteLength: writer.byteLength };
    writer.block(block(4, 0xbb));
    writer.int32(5);
    writer.block(block(4, 0xcc));
    writer.rewind(mark);
    writer.int8(2);
    expect(writer.copy().toString('hex')).toBe('01aaaaaa02');
    expect(writer.byteLength).toBe(5);
  });
});

describe('sized blocks', () => {
  it.each([0, 1, 127, 128, 16383, 16384])('puts the size in front of %d bytes', (length) => {
    const writer = new ByteWriter({ initialBytes: 3 });
    writer.int8(9);
    const start = writer.position;
    writer.raw(block(length, 0x55));
    writer.endSized(start);
    const expected = new ByteWriter();
    expected.int8(9);
    expected.unsignedVarint(length);
    expected.raw(block(length, 0x55));
    expect(writer.written().equals(expected.written())).toBe(true);
  });
});
