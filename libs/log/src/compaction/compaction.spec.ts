/** Compaction of a log on disk: what stays, what goes, and what a process that is killed in it leaves behind. */
import fs from 'node:fs';
import { jest } from '@jest/globals';
import { nodeDisk } from '@tidemark/platform/node';
import {
  Codec,
  ControlType,
  buildBatch,
  readBatchHeader,
  readRecords,
  type BatchOptions,
} from '@tidemark/wire';
import type { LogDirectory } from '../directory/log-directory.js';
import type { PartitionLog } from '../partition-log.js';
import { CutDisk } from '../testing/cut-disk.js';
import { START_MS, append, fixtureMaker } from '../testing/log-fixture.js';

jest.setTimeout(120_000);

const TEXTS = {
  'cleanup.policy': 'compact',
  'segment.bytes': '400',
  'min.cleanable.dirty.ratio': '0',
  'delete.retention.ms': '1000',
};
const fixture = fixtureMaker();

/** `a=1 b=` is a record of key a, and a tombstone of b. */
function batch(text: string, options: Partial<BatchOptions> = {}): Uint8Array {
  const records = text.split(' ').map((part) => {
    const [key = '', value = ''] = part.split('=');
    return { key: Buffer.from(key), value: value === '' ? null : Buffer.from(value) };
  });
  return buildBatch(records, { timestamp: START_MS, ...options });
}

/** Every record, as `offset:key=value`, read as a consumer does from any offset on. */
async function read(log: PartitionLog, from = log.logStartOffset): Promise<string[]> {
  const found: string[] = [];
  let offset = from;
  while (offset < log.logEndOffset) {
    const result = await log.read(offset, 500, { upTo: log.logEndOffset, minOneBatch: true });
    expect(result.error).toBe(0);
    expect(result.nextOffset).toBeGreaterThan(offset);
    for (const { offset: at, key, value } of readRecords(result.bytes)) {
      const text = `${Buffer.from(key ?? []).toString()}=${Buffer.from(value ?? []).toString()}`;
      if (at >= from) found.push(`${at}:${text}`);
    }
    offset = result.nextOffset;
    result.release();
  }
  return found;
}

async function compact(directory: LogDirectory, log: PartitionLog): Promise<void> {
  log.highWatermark = log.logEndOffset;
  await log.flush();
  await directory.compact();
  // What is still in memory is served as it was written.
  directory.releaseIdle();
  directory.releaseIdle();
}

/** The active segment is never compacted; what is in it is behind a record as large as a segment. */
function roll(log: PartitionLog, key = 'roll'): void {
  append(log, batch(`${key}=${'x'.repeat(350)}`));
}

describe('compaction', () => {
  it('keeps the last record of every key where it was, and every offset can be read from', async () => {
    const source = fixture();
    let { directory, log } = source.open(TEXTS);
    append(log, batch('a=1 b=1 c=1'));
    append(log, batch('a=2', { codec: Codec.GZIP }));
    append(log, batch('c=2 d=1 c=3', { codec: Codec.GZIP }));
    roll(log);
    append(log, batch('b=2'));
    await compact(directory, log);
    const expected = ['1:b=1', '3:a=2', '5:d=1', '6:c=3', `7:roll=${'x'.repeat(350)}`, '8:b=2'];
    for (const way of ['same', 'crashed', 'closed', 'crashed']) {
      if (way === 'crashed') source.crash(directory);
      if (way === 'closed') await directory.close();
      if (way !== 'same') ({ directory, log } = source.open(TEXTS));
      expect(await read(log)).toEqual(expected);
      for (let from = 0; from <= 9; from += 1) {
        expect(await read(log, from)).toEqual(expected.filter((line) => Number.parseInt(line, 10) >= from));
      }
    }
    expect(append(log, batch('e=1'))).toBe(9);
    const checkpoint = fs.readFileSync(`${source.path}/cleaner-offset-checkpoint`, 'utf8');
    expect(checkpoint).toBe('0\n1\nt 0 8\n');
  });

  it('leaves alone what is active, not committed, or not on disk', async () => {
    const { directory, log } = fixture().open(TEXTS);
    append(log, batch('a=1 a=2'));
    roll(log);
    roll(log);
    log.highWatermark = 0;
    await log.flush();
    expect(await directory.compact()).toBe(false);
    log.highWatermark = 2;
    expect(await directory.compact()).toBe(true);
    directory.releaseIdle();
    directory.releaseIdle();
    expect((await read(log)).map((line) => line.slice(0, 5))).toEqual(['1:a=2', '2:rol', '3:rol']);
  });

  it('keeps a marker of deletion for its time, and then nothing of the key', async () => {
    const source = fixture();
    const { directory, log } = source.open(TEXTS);
    append(log, batch('a=1 b=1'));
    append(log, batch('a= b=2'));
    roll(log);
    await compact(directory, log);
    expect((await read(log)).slice(0, 2)).toEqual(['2:a=', '3:b=2']);
    const header = readBatchHeader(fs.readFileSync(source.file('00000000000000000000.log')), 0);
    expect(header).toMatchObject({
      attributes: 0x40,
      baseTimestamp: START_MS + 1000,
      maxTimestamp: START_MS,
    });
    source.clock.nowMs += 1001;
    roll(log, 'again');
    await compact(directory, log);
    expect((await read(log)).map((line) => line.slice(0, 5))).toEqual(['3:b=2', '4:rol', '5:aga']);
  });

  it('keeps the last batch of a producer, if empty, so that its sequence survives', async () => {
    const source = fixture();
    const { directory, log } = source.open(TEXTS);
    const of = (sequence: number): Partial<BatchOptions> => ({
      producerId: 7,
      producerEpoch: 0,
      baseSequence: sequence,
    });
    append(log, batch('a=1', of(0)));
    append(log, batch('a=2', of(1)));
    append(log, batch('a=3'));
    roll(log);
    await compact(directory, log);
    expect((await read(log)).map((line) => line.slice(0, 5))).toEqual(['2:a=3', '3:rol']);
    source.crash(directory);
    for (const name of fs.readdirSync(source.partition)) {
      if (/snapshot|sequences/.test(name)) fs.rmSync(source.file(name));
    }
    const { log: reopened } = source.open(TEXTS);
    const options = { origin: 'client', leaderEpoch: 0 } as const;
    expect(reopened.append(batch('a=2', of(1)), options)).toMatchObject({ duplicate: true, baseOffset: 1 });
    expect(append(reopened, batch('a=4', of(2)))).toBe(4);
  });

  it('keeps the last epoch start, and removes those before', async () => {
    const { directory, log } = fixture().open(TEXTS);
    const key = Buffer.from([0, 0, 0, ControlType.LEADER_CHANGE]);
    const epochStart = buildBatch([{ key, value: Buffer.from([0, 0]) }], {
      timestamp: START_MS,
      control: true,
    });
    for (const epoch of [1, 2]) {
      expect(log.append(epochStart, { origin: 'coordinator', leaderEpoch: epoch }).error).toBe(0);
      append(log, batch('a=1'), epoch);
    }
    append(log, batch(`roll=${'x'.repeat(350)}`), 2);
    await compact(directory, log);
    expect((await read(log)).map((line) => line.split(':')[0])).toEqual(['2', '3', '4']);
    expect(log.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 2 });
  });

  it('takes several passes where its memory does not hold all keys', async () => {
    const { directory, log } = fixture({ compactionBytes: 24 * 64 }).open(TEXTS);
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 200; index += 1) append(log, batch(`key${index}=${round}`));
    }
    roll(log);
    await compact(directory, log);
    const lines = await read(log);
    const closed = lines.filter((line) => Number.parseInt(line, 10) < 400);
    expect(closed.map((line) => line.split(':')[1])).toEqual(
      Array.from({ length: 200 }, (_, i) => `key${i}=1`),
    );
  });

  it('finds damage, tells of it, and leaves the log as it is', async () => {
    const source = fixture();
    const { directory, log } = source.open(TEXTS);
    append(log, batch('a=1 a=2'));
    append(log, batch('b=1 b=2'));
    roll(log);
    log.highWatermark = log.logEndOffset;
    await log.flush();
    const file = source.file('00000000000000000000.log');
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    fs.writeFileSync(file, bytes);
    const told: number[] = [];
    log.listener = { corrupt: (_log, offset) => told.push(offset) };
    await expect(directory.compact()).rejects.toMatchObject({ code: 'corrupt' });
    expect(told).toEqual([2]);
    expect(directory.compaction.failures).toBe(1);
    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(fs.readdirSync(source.partition).filter((name) => name.includes('cleaned'))).toEqual([]);
    expect(await directory.compact()).toBe(false);
  });

  it('gives up when the log is cut, closed or thrown away under it', async () => {
    for (const change of ['cut', 'restart', 'delete'] as const) {
      const source = fixture();
      const { directory, log } = source.open(TEXTS);
      for (let index = 0; index < 20; index += 1) append(log, batch(`a=${index}`));
      log.highWatermark = log.logEndOffset;
      await log.flush();
      const running = directory.compact();
      if (change === 'cut') log.truncateTo(3);
      else if (change === 'restart') log.truncateFullyAndStartAt(50);
      else await directory.deleteLog(log);
      expect(await running).toBe(true);
      if (change === 'cut') expect(await read(log)).toEqual(['0:a=0', '1:a=1', '2:a=2']);
      if (change === 'restart') expect([log.logStartOffset, log.logEndOffset]).toEqual([50, 50]);
      const names = fs.existsSync(source.partition) ? fs.readdirSync(source.partition) : [];
      expect(names.filter((name) => /cleaned|swap/.test(name))).toEqual([]);
    }
  });
});

it('D16: a process killed anywhere in a compaction leaves every last value, and the next run ends it', async () => {
  for (let cutAt = 0; ; cutAt += 1) {
    const source = fixture();
    const cut = new CutDisk(nodeDisk);
    const { directory, log } = source.open(TEXTS, cut.asDisk());
    for (let index = 0; index < 6; index += 1) append(log, batch(`a=${index} k${index}=1 b=${index}`));
    append(log, batch('k1='));
    roll(log);
    log.highWatermark = log.logEndOffset;
    await log.flush();
    directory.checkpoint();
    cut.cutAt = cut.changes + cutAt;
    await directory.compact().catch(() => undefined);
    const finished = !cut.wasCut;
    cut.cutAt = Infinity;
    source.crash(directory);
    const { directory: reopened, log: found } = source.open(TEXTS);
    expect(found.logEndOffset).toBe(log.logEndOffset);
    const lastOf = (lines: readonly string[]): Map<string, string> =>
      new Map(lines.map((line): [string, string] => [line.split(/[:=]/)[1] ?? '', line]));
    const last = lastOf(await read(found));
    expect(last.get('a')).toBe('15:a=5');
    expect(last.get('b')).toBe('17:b=5');
    expect(last.get('k1')).toBe('18:k1=');
    expect(last.get('k5')).toBe('16:k5=1');
    expect(fs.readdirSync(source.partition).filter((name) => /cleaned|swap/.test(name))).toEqual([]);
    found.highWatermark = found.logEndOffset;
    await reopened.compact();
    reopened.releaseIdle();
    reopened.releaseIdle();
    expect((await read(found)).filter((line) => / ?:a=/.test(line))).toEqual(['15:a=5']);
    source.remove();
    if (finished) return;
  }
});
