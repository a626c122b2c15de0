/** Segments, truncation, retention on demand and flushing of one log on disk. */
import { nodeDisk } from '@tidemark/platform/node';
import { ErrorCode } from '@tidemark/wire';
import { FaultyDisk } from './testing/faulty-disk.js';
import { START_MS, append, batchOf, readValues, fixtureMaker } from './testing/log-fixture.js';

const fixture = fixtureMaker();
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);

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

  it('go to the device when they are closed, so that a later crash does not put them in doubt', async () => {
    const { log } = fixture().open({ 'segment.bytes': '1000' });
    const flushed = new Promise<number>((resolve) => {
      log.listener = { flushed: ({ flushedEnd }) => resolve(flushedEnd) };
    });
    append(log, batchOf(['x'.repeat(600)]));
    expect(log.flushedEnd).toBe(0);
    append(log, batchOf(['x'.repeat(600)]));
    expect(await flushed).toBe(2);
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

  it('that is overtaken by a truncation fails nothing, and vouches for nothing that came after it', async () => {
    const source = fixture();
    const disk = new FaultyDisk(nodeDisk);
    const { log } = source.open({ 'segment.bytes': '300' }, disk.asDisk());
    let goOn = (): void => undefined;
    disk.beforeSync = new Promise((resolve) => (goOn = resolve));
    const told: number[] = [];
    log.listener = { flushed: ({ flushedEnd }) => void told.push(flushedEnd) };
    // The first segment that is closed begins a flush, which is held back; the one that is asked for is the next.
    for (const value of numbered(20)) append(log, batchOf([value]));
    const flush = log.flush();
    log.truncateTo(0);
    append(log, batchOf(['after']));
    goOn();
    await flush;
    expect([log.failure, told]).toEqual([undefined, [0, 1]]);
    expect(await readValues(log)).toEqual(['after']);
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
