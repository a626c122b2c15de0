import fs from 'node:fs';
import { nodeDisk } from '@tidemark/platform/node';
import { Codec, ErrorCode, buildBatch, readBatchHeader, setBatchBaseOffset } from '@tidemark/wire';
import type { AppendOptions } from './append/append-result.js';
import { FaultyDisk } from './testing/faulty-disk.js';
import { LogFixture, START_MS, append, batchOf, readValues } from './testing/log-fixture.js';

const CLIENT: AppendOptions = { origin: 'client', leaderEpoch: 0 };
const fixtures: LogFixture[] = [];
function fixture(limits: ConstructorParameters<typeof LogFixture>[0] = {}): LogFixture {
  const made = new LogFixture(limits);
  fixtures.push(made);
  return made;
}
afterEach(() => {
  for (const made of fixtures.splice(0)) made.remove();
});
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);

describe('an append', () => {
  it('makes nothing on disk before the first, and is written once per tick', async () => {
    const source = fixture();
    const disk = new FaultyDisk(nodeDisk);
    const { log } = source.open({}, disk.asDisk());
    log.assignEpoch(4);
    expect(fs.existsSync(source.partition)).toBe(false);
    for (const value of numbered(50)) {
      expect(log.append(batchOf([value]), { origin: 'client', leaderEpoch: 4 }).error).toBe(0);
    }
    expect(log.logEndOffset).toBe(50);
    expect(log.writtenEnd).toBe(0);
    expect(log.writeStaged()).toBeUndefined();
    expect(disk.writes).toBe(1);
    expect(log.writtenEnd).toBe(50);
    expect(await readValues(log)).toEqual(numbered(50));
    expect(log.endOffsetForEpoch(4)).toEqual({ leaderEpoch: 4, endOffset: 50 });
  });

  it('stamps offset and epoch into the stored batch, and leaves the given bytes alone', () => {
    const source = fixture();
    const { log } = source.open();
    append(log, batchOf(['a', 'b']));
    const batch = batchOf(['c']);
    const before = Buffer.from(batch);
    append(log, batch, 7);
    expect(Buffer.from(batch).equals(before)).toBe(true);
    const stored = fs.readFileSync(`${source.partition}/00000000000000000000.log`);
    const header = readBatchHeader(stored, batchOf(['a', 'b']).length);
    expect(header).toMatchObject({ baseOffset: 2, leaderEpoch: 7 });
  });

  const forged = (change: (batch: Uint8Array) => void): Uint8Array => {
    const batch = batchOf(['x']);
    change(batch);
    return batch;
  };
  const far = { timestamp: START_MS + 3_600_001 };
  const refusals: [string, number, Uint8Array, Record<string, string>][] = [
    ['nothing', ErrorCode.CORRUPT_MESSAGE, new Uint8Array(0), {}],
    ['a damaged batch', ErrorCode.CORRUPT_MESSAGE, forged((b) => (b[70]! ^= 1)), {}],
    ['two batches', ErrorCode.INVALID_RECORD, Buffer.concat([batchOf(['a']), batchOf(['b'])]), {}],
    [
      'too large a batch',
      ErrorCode.MESSAGE_TOO_LARGE,
      batchOf(['x'.repeat(999)]),
      { 'max.message.bytes': '999' },
    ],
    ['a control batch', ErrorCode.INVALID_RECORD, batchOf(['x'], { control: true }), {}],
    ['a base offset', ErrorCode.INVALID_RECORD, forged((b) => setBatchBaseOffset(b, 0, 5)), {}],
    ['a transaction of nobody', ErrorCode.INVALID_RECORD, batchOf(['x'], { transactional: true }), {}],
    [
      'a producer without sequence',
      ErrorCode.INVALID_RECORD,
      batchOf(['x'], { producerId: 1, producerEpoch: 0 }),
      {},
    ],
    ['a time too far ahead', ErrorCode.INVALID_TIMESTAMP, batchOf(['x'], far), {}],
    [
      'a record without key in a compacted topic',
      ErrorCode.INVALID_RECORD,
      buildBatch(
        [
          { key: Buffer.from('k'), value: null },
          { key: null, value: null },
        ],
        { timestamp: START_MS },
      ),
      { 'cleanup.policy': 'compact' },
    ],
  ];
  it.each(refusals)('refuses %s and goes on', (what, error, batch, texts) => {
    const { log } = fixture().open(texts);
    const result = log.append(batch, CLIENT);
    expect(result).toMatchObject({ error, baseOffset: -1, duplicate: false });
    if (what.includes('key')) expect(result.recordErrors).toEqual([1]);
    expect(log.logEndOffset).toBe(0);
    expect(append(log, batchOf(['fine']))).toBe(0);
  });

  it('refuses an older epoch than the log has', () => {
    const { log } = fixture().open();
    append(log, batchOf(['a']), 3);
    expect(log.append(batchOf(['b']), { origin: 'client', leaderEpoch: 2 }).error).toBe(
      ErrorCode.FENCED_LEADER_EPOCH,
    );
  });

  it('stamps the time of the broker where the topic says so', () => {
    const source = fixture();
    const { log } = source.open({ 'message.timestamp.type': 'LogAppendTime' });
    source.clock.nowMs = START_MS + 5000;
    const result = log.append(batchOf(['a', 'b']), CLIENT);
    expect(result.logAppendTimeMs).toBe(START_MS + 5000);
    expect(log.writeStaged()).toBeUndefined();
    const stored = fs.readFileSync(`${source.partition}/00000000000000000000.log`);
    expect(readBatchHeader(stored, 0)).toMatchObject({ attributes: 8, maxTimestamp: START_MS + 5000 });
  });

  it('packs a batch anew in the codec of the topic', async () => {
    const source = fixture();
    const { log } = source.open({ 'compression.type': 'gzip' });
    append(log, batchOf(numbered(20), { producerId: 3, producerEpoch: 1, baseSequence: 0 }));
    append(log, batchOf(['lz4'], { codec: Codec.LZ4 }));
    const stored = fs.readFileSync(`${source.partition}/00000000000000000000.log`);
    expect(readBatchHeader(stored, 0)).toMatchObject({
      attributes: Codec.GZIP,
      producerId: 3,
      recordsCount: 20,
    });
    expect(await readValues(log)).toEqual([...numbered(20), 'lz4']);
  });

  it('corrects a batch that lies about its largest timestamp', async () => {
    const source = fixture();
    const { log } = source.open();
    const batch = Buffer.from(batchOf(['a'], { timestamp: START_MS }));
    const honest = readBatchHeader(batch, 0).maxTimestamp;
    const { setBatchMaxTimestamp } = await import('@tidemark/wire');
    setBatchMaxTimestamp(batch, 0, honest - 1_000_000);
    append(log, batch);
    expect(await log.offsetOfMaxTimestamp()).toMatchObject({ offset: 0, timestamp: START_MS });
  });

  it('of a replica keeps offsets and epochs', () => {
    const leader = fixture().open().log;
    append(leader, batchOf(['a', 'b']), 1);
    append(leader, batchOf(['c']), 2);
    const read = leader.read(0, 10_000, { upTo: 3, minOneBatch: true });
    if (read instanceof Promise) throw new Error('not in memory');
    const follower = fixture().open().log;
    const bytes = Buffer.concat(read.views);
    const replica: AppendOptions = { origin: 'replica', leaderEpoch: 2 };
    expect(follower.append(bytes, replica)).toMatchObject({ error: 0, baseOffset: 0, lastOffset: 2 });
    expect(follower.writeStaged()).toBeUndefined();
    expect(follower.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 2 });
    expect(follower.append(bytes, replica).error).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });
});

describe('an idempotent producer', () => {
  const of = (sequence: number, values: string[], epoch = 0): Uint8Array =>
    batchOf(values, { producerId: 5, producerEpoch: epoch, baseSequence: sequence });

  it('gets the first answer again for each of its last five batches, also after a restart', async () => {
    const source = fixture();
    let { directory, log } = source.open();
    for (let index = 0; index < 7; index += 1) append(log, of(index * 2, ['a', 'b']));
    for (const way of ['same', 'crashed', 'closed']) {
      if (way === 'crashed') source.crash(directory);
      if (way === 'closed') await directory.close();
      if (way !== 'same') ({ directory, log } = source.open());
      for (let index = 2; index < 7; index += 1) {
        const result = log.append(of(index * 2, ['a', 'b']), CLIENT);
        expect(result).toMatchObject({
          error: 0,
          duplicate: true,
          baseOffset: index * 2,
          lastOffset: index * 2 + 1,
        });
      }
      expect(log.append(of(2, ['a', 'b']), CLIENT).error).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
      expect(log.logEndOffset).toBe(14);
    }
  });

  it.each([
    ['the next sequence', 2, 0, ErrorCode.NONE],
    ['a gap', 3, 0, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER],
    ['other bounds than before', 1, 0, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER],
    ['a new epoch from 0', 0, 1, ErrorCode.NONE],
    ['a new epoch from elsewhere', 2, 1, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER],
    ['an old epoch', 2, -1, ErrorCode.INVALID_PRODUCER_EPOCH],
  ])('with %s', (_what, sequence, epochStep, error) => {
    const { log } = fixture().open();
    append(log, of(0, ['a', 'b'], 3));
    expect(log.append(of(sequence, ['c'], 3 + epochStep), CLIENT).error).toBe(error);
  });

  it('may begin anywhere when it is not known, and wraps to 0', () => {
    const { log } = fixture().open();
    append(log, of(2 ** 31 - 2, ['a', 'b']));
    append(log, of(0, ['c']));
    expect(log.logEndOffset).toBe(3);
  });

  it('is forgotten after a long silence', () => {
    const source = fixture();
    const { log } = source.open();
    append(log, of(0, ['a']));
    log.expireProducers(1000);
    expect(log.producerCount).toBe(1);
    source.clock.nowMs += 1001;
    log.expireProducers(1000);
    expect(log.producerCount).toBe(0);
  });
});

describe('a read', () => {
  it('answers the same from memory and from disk, in whole batches, within its bounds', async () => {
    const source = fixture({ ringBytesMax: 64 * 1024 });
    const { directory, log } = source.open({ 'segment.bytes': '20000' });
    for (let index = 0; index < 300; index += 1)
      append(log, batchOf([`v${index}`, 'x'.repeat(100 + (index % 7))]));
    const offsets = [0, 1, 2, 299, 300, 451, 598, 599];
    const shape = async (from: number, maxBytes: number, upTo: number): Promise<unknown> => {
      const result = await log.read(from, maxBytes, { upTo, minOneBatch: true });
      const bytes = Buffer.concat(result.views);
      result.release();
      return { error: result.error, nextOffset: result.nextOffset, bytes: bytes.toString('base64') };
    };
    const warm = [];
    for (const from of offsets) warm.push(await shape(from, 1000, 600), await shape(from, 10, from + 2));
    await directory.close();
    const again = source.openDirectory();
    const cold = source.openLog(again, { 'segment.bytes': '20000' });
    const read = async (from: number, maxBytes: number, upTo: number): Promise<unknown> => {
      const result = await cold.read(from, maxBytes, { upTo, minOneBatch: true });
      const bytes = Buffer.concat(result.views);
      result.release();
      return { error: result.error, nextOffset: result.nextOffset, bytes: bytes.toString('base64') };
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
    expect(result).toMatchObject({ error, byteLength: 0, nextOffset: from });
  });

  it('sees nothing at or above its bound, and a batch too large only when one is a must', async () => {
    const { log } = fixture().open();
    append(log, batchOf(['a', 'b']));
    append(log, batchOf(['c']));
    const bounded = await log.read(0, 10_000, { upTo: 2, minOneBatch: true });
    expect(bounded.nextOffset).toBe(2);
    expect((await log.read(0, 10, { upTo: 3, minOneBatch: false })).byteLength).toBe(0);
    expect((await log.read(0, 10, { upTo: 3, minOneBatch: true })).nextOffset).toBe(2);
    expect(log.bytesBetween(0, 3)).toBe(batchOf(['a', 'b']).length + batchOf(['c']).length);
    expect(log.bytesBetween(3, 3)).toBe(0);
  });

  it('keeps its bytes while a writer laps the ring many times', () => {
    const { log } = fixture({ ringBytesMax: 64 * 1024 }).open();
    append(log, batchOf(['first'.repeat(50)]));
    const read = log.read(0, 10_000, { upTo: 1, minOneBatch: true });
    if (read instanceof Promise) throw new Error('not in memory');
    const before = Buffer.concat(read.views).toString('hex');
    for (let index = 0; index < 2000; index += 1) append(log, batchOf([`v${index}`.repeat(60)]));
    expect(Buffer.concat(read.views).toString('hex')).toBe(before);
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

describe('segments', () => {
  it('roll by size, and by the age of their records', () => {
    const source = fixture();
    const { log } = source.open({ 'segment.bytes': '1000', 'segment.ms': '10000' });
    append(log, batchOf(['x'.repeat(300)]));
    append(log, batchOf(['x'.repeat(300)]));
    expect(log.segmentCount).toBe(2);
    append(log, batchOf(['a'], { timestamp: START_MS + 10_000 }));
    expect(log.segmentCount).toBe(2);
    append(log, batchOf(['b'], { timestamp: START_MS + 10_001 }));
    expect(log.segmentCount).toBe(3);
  });

  it.each([
    ['by age', { 'retention.ms': '1000' }, 5],
    ['by size', { 'retention.ms': '-1', 'retention.bytes': '1000' }, 3],
    ['not when compacted', { 'retention.ms': '1000', 'cleanup.policy': 'compact' }, 0],
    ['not when kept for ever', { 'retention.ms': '-1' }, 0],
  ])('are deleted %s', async (_what, texts, gone) => {
    const source = fixture();
    const { directory, log } = source.open({ 'segment.bytes': '500', 'file.delete.delay.ms': '0', ...texts });
    for (let index = 0; index < 5; index += 1) append(log, batchOf(['x'.repeat(400)]));
    source.clock.nowMs += 1001;
    expect(log.applyRetention()).toBe(0);
    log.highWatermark = log.logEndOffset;
    expect(log.applyRetention()).toBe(gone);
    expect(log.logStartOffset).toBe(gone);
    expect((await log.read(0, 10, { upTo: 5, minOneBatch: true })).error).toBe(
      gone > 0 ? ErrorCode.OFFSET_OUT_OF_RANGE : ErrorCode.NONE,
    );
    expect(append(log, batchOf(['next']))).toBe(5);
    await directory.close();
    const again = source.open(texts).log;
    expect(again.logStartOffset).toBe(gone);
    expect(again.logEndOffset).toBe(6);
  });

  it('forgets records on demand, and remembers after a crash that they are forgotten', () => {
    const source = fixture();
    const { directory, log } = source.open();
    for (const value of numbered(10)) append(log, batchOf([value]));
    log.highWatermark = 8;
    log.deleteRecordsBefore(4);
    expect(log.logStartOffset).toBe(4);
    log.deleteRecordsBefore(10);
    expect(log.logStartOffset).toBe(8);
    directory.checkpoint();
    source.crash(directory);
    expect(source.open().log.logStartOffset).toBe(8);
  });
});

describe('truncation', () => {
  it('takes records, producers and epochs back to what they were', async () => {
    const source = fixture();
    const { log } = source.open({ 'segment.bytes': '300' });
    for (let index = 0; index < 20; index += 1) {
      const producer = { producerId: 1, producerEpoch: 0, baseSequence: index };
      append(log, batchOf([`v${index}`], producer), index < 10 ? 0 : index);
    }
    log.truncateTo(12);
    expect(log.logEndOffset).toBe(12);
    expect(log.latestEpoch).toBe(11);
    expect(await readValues(log)).toEqual(numbered(12));
    const again = batchOf(['again'], { producerId: 1, producerEpoch: 0, baseSequence: 12 });
    expect(append(log, again, 30)).toBe(12);
    log.truncateTo(0);
    expect(log.logEndOffset).toBe(0);
    expect(append(log, batchOf(['fresh']), 31)).toBe(0);
  });

  it('lowers the recovery point on disk before it cuts', async () => {
    const source = fixture();
    const { directory, log } = source.open();
    for (const value of numbered(10)) append(log, batchOf([value]));
    await log.flush();
    directory.checkpoint();
    log.truncateTo(4);
    source.crash(directory);
    expect(source.open().log.logEndOffset).toBe(4);
  });
});

describe('a disk that refuses', () => {
  it('when full, takes part of a write: all of the tick is taken back, and the log works again when there is room', async () => {
    const source = fixture();
    const disk = new FaultyDisk(nodeDisk);
    const { directory, log } = source.open({}, disk.asDisk());
    append(log, batchOf(['kept'], { producerId: 1, producerEpoch: 0, baseSequence: 0 }));
    const size = fs.statSync(source.file('00000000000000000000.log')).size;
    disk.room = 50;
    const lost = batchOf(['lost'], { producerId: 1, producerEpoch: 0, baseSequence: 1 });
    for (let index = 0; index < 3; index += 1) log.append(batchOf([`more${index}`]), CLIENT);
    expect(log.append(lost, CLIENT).baseOffset).toBe(4);
    expect(log.writeStaged()).toMatchObject({ code: 'failed' });
    expect(disk.refusals).toBe(1);
    expect(log.failure).toBeUndefined();
    expect(log.logEndOffset).toBe(1);
    expect(fs.statSync(source.file('00000000000000000000.log')).size).toBe(size);
    disk.room = Infinity;
    expect(append(log, lost)).toBe(1);
    expect(await readValues(log)).toEqual(['kept', 'lost']);
    source.crash(directory);
    expect(await readValues(source.open().log)).toEqual(['kept', 'lost']);
  });

  it('inside an append, takes nothing more until the driver has heard of it', () => {
    const source = fixture({ ringBytesMax: 64 * 1024 });
    const disk = new FaultyDisk(nodeDisk);
    const { log } = source.open({}, disk.asDisk());
    append(log, batchOf(['kept']));
    disk.room = 0;
    // More than the ring holds, so that an append has to write.
    let refused = 0;
    for (let index = 0; index < 10; index += 1) {
      if (log.append(batchOf(['x'.repeat(20_000)]), CLIENT).error !== 0) refused += 1;
    }
    expect(refused).toBeGreaterThan(0);
    disk.room = Infinity;
    expect(log.append(batchOf(['no']), CLIENT).error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(log.writeStaged()).toBeDefined();
    expect(log.logEndOffset).toBe(1);
    expect(append(log, batchOf(['yes']))).toBe(1);
  });

  it('when a flush fails, the log has failed for good and says so', async () => {
    const source = fixture();
    const disk = new FaultyDisk(nodeDisk);
    const { directory, log } = source.open({}, disk.asDisk());
    const told: string[] = [];
    log.listener = { failed: (_log, error) => told.push(error.code) };
    append(log, batchOf(['a']));
    disk.failSync = true;
    await expect(log.flush()).rejects.toMatchObject({ code: 'failed' });
    expect(told).toEqual(['failed']);
    expect(log.flushedEnd).toBe(0);
    disk.failSync = false;
    expect(log.append(batchOf(['b']), CLIENT).error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect((await log.read(0, 10, { upTo: 1, minOneBatch: true })).error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await expect(directory.close()).rejects.toBeDefined();
    expect(fs.existsSync(`${source.path}/.kafka_cleanshutdown`)).toBe(false);
  });

  it('when it cannot even be cut back, the log has failed', () => {
    const source = fixture();
    const disk = new FaultyDisk(nodeDisk);
    const { log } = source.open({}, disk.asDisk());
    append(log, batchOf(['a']));
    disk.room = 10;
    disk.failTruncate = true;
    log.append(batchOf(['b']), CLIENT);
    expect(log.writeStaged()).toBeDefined();
    expect(log.failure).toBeDefined();
  });
});

describe('flushing', () => {
  it('commits in groups: one at a time, the next for all who came meanwhile', async () => {
    const source = fixture();
    const disk = new FaultyDisk(nodeDisk);
    const { log } = source.open({}, disk.asDisk());
    append(log, batchOf(['a']));
    const first = log.flush();
    const others = numbered(20).map((value) => {
      append(log, batchOf([value]));
      return log.flush();
    });
    await first;
    expect(log.flushedEnd).toBeGreaterThanOrEqual(1);
    await Promise.all(others);
    expect(log.flushedEnd).toBe(21);
    expect(disk.syncs).toBe(2);
  });

  it('before every acknowledgement with flush.messages=1', async () => {
    const { log } = fixture().open({ 'flush.messages': '1' });
    const flushed = new Promise<number>((resolve) => {
      log.listener = { flushed: (of) => resolve(of.acknowledgeableEnd) };
    });
    append(log, batchOf(['a']));
    expect(log.acknowledgeableEnd).toBe(0);
    expect(await flushed).toBe(1);
  });

  it('after a time with flush.ms', async () => {
    const source = fixture();
    const { log } = source.open({ 'flush.ms': '500' });
    append(log, batchOf(['a']));
    log.flushIfDue();
    source.clock.nowMs += 500;
    const flushed = new Promise<void>((resolve) => {
      log.listener = { flushed: () => resolve() };
    });
    log.flushIfDue();
    await flushed;
    expect(log.flushedEnd).toBe(1);
  });
});
