/**
 * Rows D1, D2, D8 and D9 of the failure matrix at the log's layer: a torn write at every byte against a log that never
 * had the batch, every byte of every small file flipped, a disk that is full or fails at any of its changes.
 */
import fs from 'node:fs';
import path from 'node:path';
import { jest } from '@jest/globals';
import { DiskError, type Disk } from '@tidemark/platform';
import { nodeDisk } from '@tidemark/platform/node';
import { ErrorCode } from '@tidemark/wire';
import type { AppendOptions } from './append/append-result.js';
import { LogError } from './log-error.js';
import type { PartitionLog } from './partition-log.js';
import { append, batchOf, readValues, fixtureMaker, type LogFixture } from './testing/log-fixture.js';

jest.setTimeout(180_000);

const CLIENT: AppendOptions = { origin: 'client', leaderEpoch: 9 };
const TEXTS = { 'segment.bytes': '400', 'index.interval.bytes': '100' };
const fixture = fixtureMaker();

const of = (sequence: number, producerId = 9): Uint8Array =>
  batchOf([`a${sequence}`, `b${sequence}`], { producerId, producerEpoch: 0, baseSequence: sequence });

/** Ten batches of two producers in three epochs, over some segments. */
function fill(log: PartitionLog, batches = 10): void {
  for (let index = 0; index < batches; index += 1) {
    append(log, of(2 * Math.floor(index / 2), 9 + (index % 2)), Math.floor(index / 4));
  }
}

/** Whatever a log knows, as one value to compare: ends, epochs, and how each batch that was written would be answered. */
function stateOf(log: PartitionLog): unknown {
  const duplicates = Array.from({ length: 12 }, (_, index) => {
    const { error, duplicate, baseOffset } = log.append(
      of(2 * Math.floor(index / 2), 9 + (index % 2)),
      CLIENT,
    );
    if (error !== 0 || duplicate) return { error, duplicate, baseOffset };
    // It was new, and is taken back: nothing is written in these specs before the state is asked for.
    log.truncateTo(baseOffset);
    return { error, duplicate, baseOffset };
  });
  const epochs = [0, 1, 2, 3].map((epoch) => log.endOffsetForEpoch(epoch));
  const { logStartOffset, logEndOffset, lastRecordEpoch, segmentCount } = log;
  const producerCount = log.producers.count;
  return { duplicates, epochs, logStartOffset, logEndOffset, producerCount, lastRecordEpoch, segmentCount };
}

function lastLogOf(source: LogFixture): string {
  return source.file(
    fs
      .readdirSync(source.partition)
      .filter((name) => name.endsWith('.log'))
      .at(-1) ?? '',
  );
}

describe('a torn write', () => {
  it('D1: at every byte of the last batch leaves what a log has that never had the batch', async () => {
    const without = fixture();
    const other = without.open(TEXTS);
    fill(other.log, 9);
    without.crash(other.directory);
    const expected = stateOf(without.open(TEXTS).log);

    const source = fixture();
    const { directory, log } = source.open(TEXTS);
    fill(log, 9);
    const before = fs.statSync(lastLogOf(source)).size;
    const beforeName = lastLogOf(source);
    append(log, of(8, 10), 2);
    expect(lastLogOf(source)).toBe(beforeName);
    const after = fs.statSync(lastLogOf(source)).size;
    source.crash(directory);
    for (let size = before; size < after; size += 1) {
      const copy = fixture();
      source.copyTo(copy);
      fs.truncateSync(lastLogOf(copy), size);
      const opened = copy.open(TEXTS);
      expect(stateOf(opened.log)).toEqual(expected);
      expect(append(opened.log, of(8, 10), 2)).toBe(18);
      if (size % 50 === 0) expect(await readValues(opened.log)).toHaveLength(20);
      copy.crash(opened.directory);
      copy.remove();
    }
  });
});

describe('a flipped byte', () => {
  const small = (source: LogFixture): string[] =>
    fs
      .readdirSync(source.partition)
      .filter((name) => !name.endsWith('.log'))
      .map((name) => path.join('t-0', name))
      .concat(fs.readdirSync(source.path).filter((name) => name.endsWith('checkpoint')));

  it.each(['closed', 'killed'] as const)(
    'D2: anywhere in the small files of a log that was %s changes nothing of it, or is reported',
    async (how) => {
      const source = fixture();
      const { directory, log } = source.open(TEXTS);
      fill(log);
      log.highWatermark = log.logEndOffset;
      await log.flush();
      directory.checkpoint();
      if (how === 'closed') await directory.close();
      else source.crash(directory);
      const pristine = fixture();
      source.copyTo(pristine);
      const expected = stateOf(pristine.open(TEXTS).log);
      for (const name of small(source)) {
        const size = fs.statSync(path.join(source.path, name)).size;
        for (let byte = 0; byte < size; byte += size > 60 ? 7 : 1) {
          const copy = fixture();
          source.copyTo(copy);
          const bytes = fs.readFileSync(path.join(copy.path, name));
          bytes[byte]! ^= 0x11;
          fs.writeFileSync(path.join(copy.path, name), bytes);
          const opened = copy.openDirectory();
          try {
            expect({ name, byte, state: stateOf(copy.openLog(opened, TEXTS)) }).toEqual({
              name,
              byte,
              state: expected,
            });
          } catch (error) {
            if (!(error instanceof LogError)) throw error;
            expect(['corrupt', 'foreign']).toContain(error.code);
          }
          copy.crash(opened);
          copy.remove();
        }
      }
    },
  );

  it('D2: in meta.properties is refused, or is in what nobody reads', async () => {
    const source = fixture();
    await source.openDirectory().close();
    const file = path.join(source.path, 'meta.properties');
    const text = fs.readFileSync(file);
    for (let byte = 0; byte < text.length; byte += 1) {
      const bytes = Buffer.from(text);
      bytes[byte]! ^= 0x02;
      fs.writeFileSync(file, bytes);
      try {
        await source.openDirectory().close();
      } catch (error) {
        expect(error).toBeInstanceOf(LogError);
      }
      expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    }
  });
});

/** Refuses one change in the log's files, the `at`th, with `code`. */
function refusingOnce(at: number, code: 'no-space' | 'io'): { disk: Disk; bit: () => boolean } {
  let changes = 0;
  let bitten = false;
  const change = <Result>(name: string, perform: () => Result): Result => {
    changes += 1;
    if (changes - 1 !== at) return perform();
    bitten = true;
    throw new DiskError(code, name, 'injected');
  };
  const disk = Object.assign(Object.create(nodeDisk) as Disk, {
    renameSync: (from: string, to: string) => change(from, () => nodeDisk.renameSync(from, to)),
    openSync: (name: string, mode: Parameters<Disk['openSync']>[1]) => {
      const makes = mode !== 'read' && !fs.existsSync(name);
      const file = makes ? change(name, () => nodeDisk.openSync(name, mode)) : nodeDisk.openSync(name, mode);
      const write = file.writeSync.bind(file);
      file.writeSync = (source, offset, length, position) =>
        change(name, () => write(source, offset, length, position));
      return file;
    },
  });
  return { disk, bit: () => bitten };
}

describe('a disk that is full', () => {
  it('D8: at any append, roll, index, snapshot or rename loses nothing that was acknowledged, shows no part of a batch, and is used again', async () => {
    for (let at = 0; ; at += 1) {
      const source = fixture();
      const { disk, bit } = refusingOnce(at, 'no-space');
      let opened: ReturnType<LogFixture['open']>;
      try {
        opened = source.open(TEXTS, disk);
      } catch (error) {
        expect(error).toBeInstanceOf(DiskError);
        source.remove();
        continue;
      }
      const { directory, log } = opened;
      const acknowledged: string[] = [];
      for (let index = 0; index < 8; index += 1) {
        const { error } = log.append(batchOf([`v${index}`]), CLIENT);
        const refused = log.writeStaged();
        if (error === ErrorCode.NONE && refused === undefined) acknowledged.push(`v${index}`);
      }
      expect(log.failure).toBeUndefined();
      expect(acknowledged.length).toBeGreaterThanOrEqual(7);
      expect(await readValues(log)).toEqual(acknowledged);
      source.crash(directory);
      const { log: found } = source.open(TEXTS);
      expect(await readValues(found)).toEqual(acknowledged);
      source.remove();
      if (!bit()) return;
    }
  });
});

describe('a disk that fails', () => {
  it('D9: at a flush makes the log fail for good: nothing is acknowledged by trying again', async () => {
    const source = fixture();
    let syncs = 0;
    const disk = Object.assign(Object.create(nodeDisk) as Disk, {
      openSync: (name: string, mode: Parameters<Disk['openSync']>[1]) => {
        const file = nodeDisk.openSync(name, mode);
        if (!name.endsWith('.log')) return file;
        const sync = file.sync.bind(file);
        file.sync = async () => {
          syncs += 1;
          if (syncs === 1) throw new DiskError('io', name, 'injected once');
          await sync();
        };
        return file;
      },
    });
    const { log } = source.open({ 'flush.messages': '1' }, disk);
    const told: string[] = [];
    log.listener = { failed: (_log, error) => told.push(error.code), flushed: () => told.push('flushed') };
    log.append(batchOf(['a']), CLIENT);
    expect(log.writeStaged()).toBeUndefined();
    await expect(log.flush()).rejects.toMatchObject({ code: 'failed' });
    await expect(log.flush()).rejects.toMatchObject({ code: 'failed' });
    expect(told).toEqual(['failed']);
    expect([log.acknowledgeableEnd, syncs]).toEqual([0, 1]);
    expect(log.append(batchOf(['b']), CLIENT).error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });
});
