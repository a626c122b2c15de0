/** Record batches to the byte: checksums, records, patches, control batches, and batches that lie. */
import fc from 'fast-check';
import { crc32c, crc32cByTable } from '../bytes/crc32c.js';
import {
  advanceSequence,
  batchLastSequence,
  isLogAppendTime,
  readBatchHeader,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  setBatchLogAppendTime,
} from './batch-header.js';
import { checkBatch, checkProducedBatch } from './check-batch.js';
import { Codec, isCodecSupported } from './compression.js';
import { buildBatch, readRecords, type RecordInput } from './records.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const T = 1_700_000_000_000;

const RECORDS: RecordInput[] = [
  { key: bytes('k'), value: bytes('v'), timestamp: T + 5 },
  {
    key: null,
    value: bytes('x'.repeat(300)),
    timestamp: T - 70_000,
    headers: [{ key: 'h', value: bytes('1') }],
  },
  { key: bytes(''), value: null, headers: [{ key: 'ключ', value: null }] },
];

describe('crc32c', () => {
  it.each([
    ['123456789', 0xe3069283],
    ['', 0],
    ['\0'.repeat(32), 0x8a9136aa],
    ['\xff'.repeat(32), 0x62a8ab43],
  ])('agrees with the published values', (text, expected) => {
    expect(crc32c(Buffer.from(text, 'latin1'))).toBe(expected);
  });

  it('is the same in native code and by table, over any part of the bytes', () => {
    const source = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7 + (i >> 3)) & 0xff));
    for (const [start, end] of [
      [0, 5000],
      [1, 4999],
      [13, 250],
      [7, 7],
      [100, 1100],
    ] as const) {
      expect(crc32c(source, start, end)).toBe(crc32cByTable(source, start, end));
    }
    expect(crc32c(source, 10, 5000, crc32c(source, 0, 10))).toBe(crc32c(source));
  });
});

describe('a record batch', () => {
  it('is laid out to the byte', () => {
    const batch = buildBatch([{ key: bytes('k'), value: bytes('v') }], {
      timestamp: 0x0102030405,
      baseOffset: 0x60504030201,
      leaderEpoch: 9,
      producerId: 7,
      producerEpoch: 2,
      baseSequence: 3,
    });
    expect(Buffer.from(batch).toString('hex')).toBe(
      [
        '0000060504030201',
        '0000003a',
        '00000009',
        '02',
        Buffer.from(batch).toString('hex', 17, 21),
        '0000',
        '00000000',
        '0000000102030405',
        '0000000102030405',
        '0000000000000007',
        '0002',
        '00000003',
        '00000001',
        '10',
        '00',
        '00',
        '00',
        '02',
        '6b',
        '02',
        '76',
        '00',
      ].join(''),
    );
    expect(checkProducedBatch(batch, 0, batch.length)).toBeUndefined();
  });

  const codecs = Object.values(Codec).filter(isCodecSupported);
  it.each(codecs)('gives its records back, codec %s', (codec) => {
    const batch = buildBatch(RECORDS, { timestamp: T, baseOffset: 40, codec });
    expect(checkProducedBatch(batch, 0, batch.length)).toBeUndefined();
    const read = [...readRecords(batch)];
    expect(read.map(({ offset }) => offset)).toEqual([40, 41, 42]);
    expect(read.map(({ timestamp }) => timestamp)).toEqual([T + 5, T - 70_000, T]);
    read.forEach(({ key, value, headers }, index) => {
      const wanted = RECORDS[index]!;
      const plain = (part: Uint8Array | null): string | null =>
        part === null ? null : Buffer.from(part).toString();
      expect(plain(key)).toBe(plain(wanted.key));
      expect(plain(value)).toBe(plain(wanted.value));
      expect(headers.map((h) => [h.key, plain(h.value)])).toEqual(
        (wanted.headers ?? []).map((h) => [h.key, plain(h.value)]),
      );
    });
    expect(readBatchHeader(batch, 0).maxTimestamp).toBe(T + 5);
  });

  it('keeps its checksum when base offset and leader epoch are patched, and gets a new one when stamped', () => {
    const batch = Buffer.concat([bytes('..'), buildBatch(RECORDS, { timestamp: T })]);
    setBatchBaseOffset(batch, 2, 2 ** 52 + 3);
    setBatchLeaderEpoch(batch, 2, 12);
    expect(checkBatch(batch, 2, batch.length - 2)).toBeUndefined();
    setBatchLogAppendTime(batch, 2, T + 99);
    expect(checkBatch(batch, 2, batch.length - 2)).toBeUndefined();
    expect(isLogAppendTime(batch, 2)).toBe(true);
    expect(readBatchHeader(batch, 2)).toMatchObject({
      baseOffset: 2 ** 52 + 3,
      leaderEpoch: 12,
      baseTimestamp: T + 5,
    });
    expect([...readRecords(batch.subarray(2))].map(({ timestamp }) => timestamp)).toEqual([
      T + 99,
      T + 99,
      T + 99,
    ]);
  });

  it.each([
    [0, 1, 1],
    [2 ** 31 - 1, 1, 0],
    [2 ** 31 - 2, 4, 2],
  ])('sequence %s advanced by %s is %s', (sequence, by, expected) => {
    expect(advanceSequence(sequence, by)).toBe(expected);
  });

  it('has no last sequence without a producer', () => {
    expect(batchLastSequence(buildBatch(RECORDS, { timestamp: T }), 0)).toBe(-1);
    expect(batchLastSequence(buildBatch(RECORDS, { timestamp: T, baseSequence: 2 ** 31 - 1 }), 0)).toBe(1);
  });
});

describe('a batch that lies', () => {
  const good = (): Buffer => Buffer.from(buildBatch(RECORDS, { timestamp: T }));
  /** Changes bytes and makes the checksum right again, as a lying client would. */
  const forged = (change: (batch: Buffer) => void): Buffer => {
    const batch = good();
    change(batch);
    batch.writeUInt32BE(crc32c(batch, 21), 17);
    return batch;
  };

  it.each([
    ['a flipped bit', 'bad-crc', Buffer.from(good().map((byte, i) => (i === 80 ? byte ^ 4 : byte)))],
    ['the last byte missing', 'truncated', good().subarray(0, -1)],
    ['only a header', 'truncated', good().subarray(0, 60)],
    ['an old format', 'bad-magic', forged((b) => b.writeInt8(1, 16))],
    ['a length below the header', 'bad-length', forged((b) => b.writeInt32BE(48, 8))],
    ['a negative length', 'bad-length', forged((b) => b.writeInt32BE(-1, 8))],
    ['a length beyond the bytes', 'truncated', forged((b) => b.writeInt32BE(0x7fffffff, 8))],
    [
      'a count too high',
      'bad-records',
      forged((b) => {
        b.writeInt32BE(4, 57);
        b.writeInt32BE(3, 23);
      }),
    ],
    [
      'a count too low',
      'bad-records',
      forged((b) => {
        b.writeInt32BE(2, 57);
        b.writeInt32BE(1, 23);
      }),
    ],
    [
      'no records',
      'bad-records',
      forged((b) => {
        b.writeInt32BE(0, 57);
        b.writeInt32BE(-1, 23);
      }),
    ],
    ['count and last delta at odds', 'bad-records', forged((b) => b.writeInt32BE(7, 23))],
    ['codec 6', 'bad-codec', forged((b) => b.writeInt16BE(6, 21))],
    ['a record longer than the batch', 'bad-records', forged((b) => b.writeInt8(0x7e, 61))],
  ])('%s: %s', (_what, fault, batch) => {
    expect(checkProducedBatch(batch, 0, batch.length)).toBe(fault);
  });

  it('is never read past its end nor believed after a change', () => {
    fc.assert(
      fc.property(fc.nat(good().length - 1 - 12), fc.integer({ min: 1, max: 255 }), (position, change) => {
        const batch = good();
        batch[position + 12]! ^= change;
        const epochOnly = position + 12 < 16;
        expect(checkProducedBatch(batch, 0, batch.length) === undefined).toBe(epochOnly);
      }),
    );
  });

  it('with any records under a right checksum, is refused or can be read', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }), (changes) => {
        const batch = forged((b) => {
          for (const [at, value] of changes) if (61 + at < b.length) b[61 + at] = value;
        });
        if (checkProducedBatch(batch, 0, batch.length) !== undefined) return;
        expect([...readRecords(batch)]).toHaveLength(3);
      }),
      { numRuns: 500 },
    );
  });
});
