/** A disk that is full or fails under a log: what is taken back, and when the log has failed for good. */
import fs from 'node:fs';
import { nodeDisk } from '@tidemark/platform/node';
import { ErrorCode } from '@tidemark/wire';
import type { AppendOptions } from './append-result.js';
import { FaultyDisk } from '../testing/faulty-disk.js';
import { append, batchOf, readValues, fixtureMaker } from '../testing/log-fixture.js';

const CLIENT: AppendOptions = { origin: 'client', leaderEpoch: 0 };
const fixture = fixtureMaker();

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
