/** What a follower does with its log: copies its leader's batches, follows its start, begins anew where it must. */
import { nodeDisk } from '@tidemark/platform/node';
import { ErrorCode, setBatchBaseOffset, setBatchLeaderEpoch } from '@tidemark/wire';
import type { AppendOptions } from './append/append-result.js';
import type { PartitionLog } from './partition-log.js';
import { CutDisk } from './testing/cut-disk.js';
import { FaultyDisk } from './testing/faulty-disk.js';
import { append, batchOf, readValues, fixtureMaker } from './testing/log-fixture.js';

const REPLICA: AppendOptions = { origin: 'replica', leaderEpoch: 9 };
const fixture = fixtureMaker();

function placed(values: readonly string[], offset: number, epoch: number, producer = {}): Uint8Array {
  const batch = batchOf(values, producer);
  setBatchBaseOffset(batch, 0, offset);
  setBatchLeaderEpoch(batch, 0, epoch);
  return batch;
}

function copy(log: PartitionLog, ...batches: Uint8Array[]): ErrorCode {
  const { error } = log.append(Buffer.concat(batches), REPLICA);
  expect(log.writeStaged()).toBeUndefined();
  return error;
}

describe('a copy of a leader’s batches', () => {
  it('keeps offsets, epochs and gaps, also over a restart of any kind', async () => {
    const source = fixture();
    let { directory, log } = source.open({ 'segment.bytes': '150' });
    expect(copy(log, placed(['a', 'b'], 0, 1), placed(['c'], 5, 1), placed(['d'], 6, 3))).toBe(0);
    expect(copy(log, placed(['e'], 20, 3))).toBe(0);
    for (const way of ['same', 'crashed', 'closed']) {
      if (way === 'crashed') source.crash(directory);
      if (way === 'closed') await directory.close();
      if (way !== 'same') ({ directory, log } = source.open({ 'segment.bytes': '150' }));
      expect(log.logEndOffset).toBe(21);
      expect(log.segmentCount).toBeGreaterThan(2);
      expect(await readValues(log)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(await readValues(log, 3)).toEqual(['c', 'd', 'e']);
      expect(log.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 6 });
      expect(log.lastRecordEpoch).toBe(3);
    }
  });

  it('is all or nothing', () => {
    const { log } = fixture().open();
    const damaged = placed(['b'], 1, 1);
    damaged[damaged.length - 1]! ^= 1;
    expect(copy(log, placed(['a'], 0, 1), damaged)).toBe(ErrorCode.CORRUPT_MESSAGE);
    expect(copy(log, placed(['a'], 0, 1), placed(['b'], 0, 1))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(copy(log, placed(['a'], 0, 2), placed(['b'], 1, 1))).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(log.logEndOffset).toBe(0);
    expect(log.latestEpoch).toBe(-1);
  });

  it('replaces an epoch that this replica led and wrote nothing in', () => {
    const { log } = fixture().open();
    append(log, batchOf(['a']), 4);
    log.assignEpoch(5);
    expect(log.latestEpoch).toBe(5);
    expect(log.lastRecordEpoch).toBe(4);
    expect(copy(log, placed(['b'], 1, 4))).toBe(0);
    expect(log.latestEpoch).toBe(4);
    expect(copy(log, placed(['c'], 2, 3))).toBe(ErrorCode.FENCED_LEADER_EPOCH);
  });

  it('knows each producer as its leader did (idem.leaderKill): the last five batches are duplicates here too', () => {
    const { log } = fixture().open();
    for (let index = 0; index < 7; index += 1) {
      const producer = { producerId: 5, producerEpoch: 0, baseSequence: index };
      expect(copy(log, placed(['v'], index, 0, producer))).toBe(0);
    }
    for (let index = 2; index < 7; index += 1) {
      const again = batchOf(['v'], { producerId: 5, producerEpoch: 0, baseSequence: index });
      const result = log.append(again, { origin: 'client', leaderEpoch: 1 });
      expect(result).toMatchObject({ error: 0, duplicate: true, baseOffset: index });
    }
  });
});

describe('a large copy, which goes past the ring', () => {
  /** Batches of 20 kB (key and value) from `offset` on, one record each; the producer's sequence is the offset. */
  const large = (offset: number, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, index) => {
      const at = offset + index;
      const producer = { producerId: 5, producerEpoch: 0, baseSequence: at };
      return placed([`${at}-${'x'.repeat(10_000)}`], at, 1, producer);
    });
  const offsetsIn = async (log: PartitionLog): Promise<string[]> =>
    (await readValues(log)).map((value) => value.slice(0, value.indexOf('-')));

  it('is the same log, over segments, among small ones and over a restart of any kind', async () => {
    const source = fixture();
    let { directory, log } = source.open({ 'segment.bytes': '50000' });
    expect(copy(log, ...large(0, 1))).toBe(0);
    expect(copy(log, ...large(1, 7))).toBe(0);
    expect(log.writtenEnd).toBe(8);
    expect(copy(log, ...large(8, 1))).toBe(0);
    expect(copy(log, ...large(9, 4))).toBe(0);
    for (const way of ['same', 'crashed', 'closed']) {
      if (way === 'crashed') source.crash(directory);
      if (way === 'closed') await directory.close();
      if (way !== 'same') ({ directory, log } = source.open({ 'segment.bytes': '50000' }));
      expect(log.segmentCount).toBe(7);
      expect(await offsetsIn(log)).toEqual(Array.from({ length: 13 }, (_, index) => String(index)));
      const again = batchOf(['v'], { producerId: 5, producerEpoch: 0, baseSequence: 12 });
      expect(log.append(again, { origin: 'client', leaderEpoch: 1 })).toMatchObject({ duplicate: true });
    }
  });

  it.each([
    ['its first segment', 10_000, 1],
    ['its second segment', 70_000, 4],
  ])(
    'that the disk refuses in %s leaves what was written before, and no trace of the rest',
    async (_, room, end) => {
      const source = fixture();
      const disk = new FaultyDisk(nodeDisk);
      const { directory, log } = source.open({ 'segment.bytes': '100000' }, disk.asDisk());
      expect(copy(log, ...large(0, 1))).toBe(0);
      disk.room = room;
      expect(log.append(Buffer.concat(large(1, 6)), REPLICA).error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      expect([log.logEndOffset, log.writtenEnd]).toEqual([end, end]);
      // Nothing more before the driver has heard of it.
      expect(log.append(Buffer.concat(large(end, 1)), REPLICA).error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      expect(log.writeStaged()).toMatchObject({ code: 'failed' });
      expect(log.failure).toBeUndefined();
      disk.room = Infinity;
      expect(copy(log, ...large(end, 4))).toBe(0);
      const expected = Array.from({ length: end + 4 }, (__, index) => String(index));
      expect(await offsetsIn(log)).toEqual(expected);
      source.crash(directory);
      const found = source.open().log;
      expect(await offsetsIn(found)).toEqual(expected);
      const next = batchOf(['v'], { producerId: 5, producerEpoch: 0, baseSequence: end + 4 });
      expect(append(found, next, 1)).toBe(end + 4);
    },
  );
});

describe('the log start of a follower', () => {
  it('follows its leader’s, beyond its own high watermark, but not beyond its end', async () => {
    const source = fixture();
    const { directory, log } = source.open({ 'segment.bytes': '100', 'file.delete.delay.ms': '0' });
    for (let index = 0; index < 5; index += 1) copy(log, placed([`v${index}`], index, 2));
    log.followLogStart(3);
    expect([log.logStartOffset, log.highWatermark, log.segmentCount]).toEqual([3, 3, 2]);
    expect(await readValues(log)).toEqual(['v3', 'v4']);
    log.followLogStart(1);
    expect(log.logStartOffset).toBe(3);
    log.followLogStart(50);
    expect([log.logStartOffset, log.logEndOffset]).toEqual([5, 5]);
    expect(log.lastRecordEpoch).toBe(2);
    await directory.close();
    expect(source.open().log.lastRecordEpoch).toBe(2);
  });
});

describe('a log that begins anew', () => {
  it.each([100, 3, 0])('at offset %i has nothing before, and goes on there', async (offset) => {
    const source = fixture();
    let { directory, log } = source.open({ 'segment.bytes': '100' });
    for (let index = 0; index < 5; index += 1) append(log, batchOf([`v${index}`]), 1);
    await log.flush();
    directory.checkpoint();
    log.truncateFullyAndStartAt(offset, 7);
    for (const way of ['same', 'crashed', 'closed']) {
      if (way === 'crashed') source.crash(directory);
      if (way === 'closed') await directory.close();
      if (way !== 'same') ({ directory, log } = source.open());
      const { logStartOffset, logEndOffset, flushedEnd, highWatermark, lastRecordEpoch } = log;
      expect([logStartOffset, logEndOffset, flushedEnd, highWatermark]).toEqual(Array(4).fill(offset));
      expect(lastRecordEpoch).toBe(7);
    }
    expect(copy(log, placed(['new'], offset, 8))).toBe(0);
    expect(await readValues(log)).toEqual(['new']);
    source.crash(directory);
    expect(await readValues(source.open().log)).toEqual(['new']);
  });

  it.each([100, 3])('at %i is the old log or the new one, wherever the process is killed', async (offset) => {
    for (let cutAt = 0; ; cutAt += 1) {
      const source = fixture();
      const cut = new CutDisk(nodeDisk);
      const { directory, log } = source.open({ 'segment.bytes': '100' }, cut.asDisk());
      const producer = { producerId: 5, producerEpoch: 0 };
      for (let index = 0; index < 4; index += 1) {
        append(log, batchOf([`v${index}`], { ...producer, baseSequence: index }), 1);
      }
      await log.flush();
      directory.checkpoint();
      cut.cutAt = cut.changes + cutAt;
      try {
        log.truncateFullyAndStartAt(offset);
      } catch {
        expect(cut.wasCut).toBe(true);
      }
      const finished = !cut.wasCut;
      cut.cutAt = Infinity;
      source.crash(directory);
      const { log: found } = source.open();
      const isOld = found.logEndOffset === 4 && found.logStartOffset === 0;
      const { logStartOffset, logEndOffset, producers } = found;
      if (isOld) expect(await readValues(found)).toEqual(['v0', 'v1', 'v2', 'v3']);
      else expect([logStartOffset, logEndOffset, producers.count]).toEqual([offset, offset, 0]);
      if (finished) expect(isOld).toBe(false);
      source.remove();
      if (finished) return;
    }
  });
});
