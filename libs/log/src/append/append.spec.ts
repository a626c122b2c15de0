/** Appends to a log on disk: what is stamped, what is refused, and how an idempotent producer is answered. */
import fs from 'node:fs';
import { nodeDisk } from '@tidemark/platform/node';
import { Codec, ErrorCode, buildBatch, readBatchHeader, setBatchBaseOffset } from '@tidemark/wire';
import type { AppendOptions } from './append-result.js';
import { FaultyDisk } from '../testing/faulty-disk.js';
import { START_MS, append, batchOf, readValues, fixtureMaker } from '../testing/log-fixture.js';

const CLIENT: AppendOptions = { origin: 'client', leaderEpoch: 0 };
const fixture = fixtureMaker();
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
    const bytes = Buffer.from(read.bytes);
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
    expect(log.producers.count).toBe(1);
    source.clock.nowMs += 1001;
    log.expireProducers(1000);
    expect(log.producers.count).toBe(0);
  });
});
