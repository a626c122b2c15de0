/** Reads from memory and from disk: the same bytes, whole batches, within bounds; and lookups by time. */
import fs from 'node:fs';
import { Codec, ErrorCode, buildBatch } from '@tidemark/wire';
import {
  START_MS,
  append,
  batchOf,
  readValues,
  fixtureMaker,
  type LogFixture,
} from '../testing/log-fixture.js';

const fixture = fixtureMaker();
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);

describe('a read', () => {
  it('answers the same from memory and from disk, in whole batches, within its bounds', async () => {
    const source = fixture({ ringBytesMax: 64 * 1024 });
    const { directory, log } = source.open({ 'segment.bytes': '20000' });
    for (let index = 0; index < 300; index += 1)
      append(log, batchOf([`v${index}`, 'x'.repeat(100 + (index % 7))]));
    const offsets = [0, 1, 2, 299, 300, 451, 598, 599];
    const shape = async (from: number, maxBytes: number, upTo: number): Promise<unknown> => {
      const result = await log.read(from, maxBytes, { upTo, minOneBatch: true });
      const bytes = Buffer.from(result.bytes).toString('base64');
      result.release();
      return { error: result.error, nextOffset: result.nextOffset, bytes };
    };
    const warm = [];
    for (const from of offsets) warm.push(await shape(from, 1000, 600), await shape(from, 10, from + 2));
    await directory.close();
    const again = source.openDirectory();
    const cold = source.openLog(again, { 'segment.bytes': '20000' });
    const read = async (from: number, maxBytes: number, upTo: number): Promise<unknown> => {
      const result = await cold.read(from, maxBytes, { upTo, minOneBatch: true });
      const bytes = Buffer.from(result.bytes).toString('base64');
      result.release();
      return { error: result.error, nextOffset: result.nextOffset, bytes };
    };
    const chilled = [];
    for (const from of offsets) chilled.push(await read(from, 1000, 600), await read(from, 10, from + 2));
    expect(chilled).toEqual(warm);
  });

  it.each([
    ['below the start', -1, ErrorCode.OFFSET_OUT_OF_RANGE],
    ['at the end', 2, ErrorCode.NONE],
    ['beyond the end', 3, ErrorCode.OFFSET_OUT_OF_RANGE],
  ])('%s', async (_what, from, error) => {
    const { log } = fixture().open();
    append(log, batchOf(['a', 'b']));
    const result = await log.read(from, 100, { upTo: 9, minOneBatch: true });
    expect(result).toMatchObject({ error, bytes: new Uint8Array(0), nextOffset: from });
  });

  it('sees nothing at or above its bound, and a batch too large only when one is a must', async () => {
    const { log } = fixture().open();
    append(log, batchOf(['a', 'b']));
    append(log, batchOf(['c']));
    const bounded = await log.read(0, 10_000, { upTo: 2, minOneBatch: true });
    expect(bounded.nextOffset).toBe(2);
    expect((await log.read(0, 10, { upTo: 3, minOneBatch: false })).bytes).toHaveLength(0);
    expect((await log.read(0, 10, { upTo: 3, minOneBatch: true })).nextOffset).toBe(2);
    expect(log.bytesBetween(0, 3)).toBe(batchOf(['a', 'b']).length + batchOf(['c']).length);
    expect(log.bytesBetween(3, 3)).toBe(0);
  });

  it('keeps its bytes while a writer laps the ring many times', () => {
    const { log } = fixture({ ringBytesMax: 64 * 1024 }).open();
    append(log, batchOf(['first'.repeat(50)]));
    const read = log.read(0, 10_000, { upTo: 1, minOneBatch: true });
    if (read instanceof Promise) throw new Error('not in memory');
    const before = Buffer.from(read.bytes).toString('hex');
    for (let index = 0; index < 2000; index += 1) append(log, batchOf([`v${index}`.repeat(60)]));
    expect(Buffer.from(read.bytes).toString('hex')).toBe(before);
    read.release();
    read.release();
  });

  it('of a batch damaged on disk is an error, and does not hide what comes before it', async () => {
    const source = fixture();
    const { directory } = ((): { directory: ReturnType<LogFixture['openDirectory']> } => {
      const opened = source.open();
      for (const value of numbered(3)) append(opened.log, batchOf([value]));
      return opened;
    })();
    await directory.close();
    const file = source.file('00000000000000000000.log');
    const bytes = fs.readFileSync(file);
    bytes[batchOf(['v0']).length + 65]! ^= 1;
    fs.writeFileSync(file, bytes);
    const { log } = source.open();
    expect((await log.read(0, 10_000, { upTo: 3, minOneBatch: true })).nextOffset).toBe(1);
    expect((await log.read(1, 10_000, { upTo: 3, minOneBatch: true })).error).toBe(ErrorCode.CORRUPT_MESSAGE);
    expect((await log.read(2, 10_000, { upTo: 3, minOneBatch: true })).nextOffset).toBe(3);
  });

  it('finds batches larger than the ring, and those around them', async () => {
    const { log } = fixture({ ringBytesMax: 64 * 1024 }).open();
    const values = ['small', 'L'.repeat(50_000), 'tiny', 'M'.repeat(300_000), 'end'];
    for (const value of values) append(log, batchOf([value]));
    expect(await readValues(log)).toEqual(values);
  });
});

describe('time', () => {
  it('is looked up to the record', async () => {
    const source = fixture();
    const { log } = source.open({ 'segment.bytes': '3000', 'index.interval.bytes': '200' });
    for (let index = 0; index < 100; index += 1) {
      const base = START_MS - 100_000 + index * 100;
      const records = [0, 10, 20].map((step) => ({
        key: null,
        value: Buffer.from('v'),
        timestamp: base + step,
      }));
      append(log, buildBatch(records, { timestamp: base, codec: index % 2 === 0 ? Codec.NONE : Codec.GZIP }));
    }
    expect(log.segmentCount).toBeGreaterThan(2);
    const base = START_MS - 100_000;
    const found = async (timestamp: number, upTo = 300): Promise<number | undefined> =>
      (await log.offsetForTimestamp(timestamp, upTo))?.offset;
    expect(await found(0)).toBe(0);
    expect(await found(base + 5000)).toBe(150);
    expect(await found(base + 5001)).toBe(151);
    expect(await found(base + 7011)).toBe(212);
    expect(await found(base + 7021)).toBe(213);
    expect(await found(base + 9920)).toBe(299);
    expect(await found(base + 9921)).toBeUndefined();
    expect(await found(base + 9920, 299)).toBeUndefined();
    expect(await log.offsetOfMaxTimestamp()).toMatchObject({ offset: 299, timestamp: base + 9920 });
  });
});
