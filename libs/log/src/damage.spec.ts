/** Damage below what was written whole: told apart from torn tails, never served, never cut away, repaired aside. */
import fs from 'node:fs';
import path from 'node:path';
import { ErrorCode, batchSizeBytes } from '@tidemark/wire';
import { LogError } from './log-error.js';
import type { PartitionLog } from './partition-log.js';
import {
  TOPIC_ID,
  append,
  batchOf,
  readValues,
  fixtureMaker,
  type LogFixture,
} from './testing/log-fixture.js';

const IDENTITY = { topic: 't', partition: 0, topicId: TOPIC_ID };
const FIRST = '00000000000000000000.log';
const fixture = fixtureMaker();

/** Six batches in two epochs, three segments with `small`; then closed in order, or killed. */
async function written(how: 'closed' | 'killed', small = false): Promise<LogFixture> {
  const source = fixture();
  const { directory, log } = source.open(small ? { 'segment.bytes': '200' } : {});
  for (let index = 0; index < 6; index += 1) append(log, batchOf([`v${index}`]), index < 3 ? 0 : 1);
  if (how === 'closed') await directory.close();
  else source.crash(directory);
  return source;
}

function flip(file: string, byte: number, bit = 0): void {
  const bytes = fs.readFileSync(file);
  bytes[byte]! ^= 1 << bit;
  fs.writeFileSync(file, bytes);
}

function logFiles(source: LogFixture): string[] {
  return fs.readdirSync(source.partition).filter((name) => name.endsWith('.log'));
}

/** Every batch that can be read, one by one; what cannot is told by `corrupt`. */
async function readable(log: PartitionLog): Promise<{ offsets: number[]; told: number[] }> {
  const told: number[] = [];
  log.listener = { corrupt: (_log, offset) => told.push(offset) };
  const offsets: number[] = [];
  for (let offset = 0; offset < log.logEndOffset; offset += 1) {
    const result = await log.read(offset, 1, { upTo: log.logEndOffset, minOneBatch: true });
    if (result.error === ErrorCode.NONE && result.bytes.length > 0) offsets.push(offset);
    else expect(result.error).toBe(ErrorCode.CORRUPT_MESSAGE);
  }
  return { offsets, told };
}

describe('a flipped bit', () => {
  it('D4 (b): in what a killed process wrote whole is no torn tail, whichever bit it is', async () => {
    const source = await written('killed');
    const original = fs.readFileSync(source.file(FIRST));
    for (let byte = 0; byte < original.length; byte += 1) {
      const within = byte % batchSizeBytes(original, 0);
      // The leader epoch, which nothing covers: found when it is read.
      if (within >= 12 && within < 16) continue;
      const copy = fixture();
      source.copyTo(copy);
      flip(copy.file(FIRST), byte, byte % 8);
      const damaged = fs.readFileSync(copy.file(FIRST));
      const directory = copy.openDirectory();
      expect(() => copy.openLog(directory)).toThrow(LogError);
      expect(fs.readFileSync(copy.file(FIRST)).equals(damaged)).toBe(true);
      copy.remove();
    }
  });

  it('D4 (c): in a closed segment is not served and told once, and all else is read', async () => {
    for (let byte = 0; byte < batchSizeBytes(batchOf(['v0']), 0); byte += 5) {
      const source = await written('closed', true);
      const closed = source.file(logFiles(source)[1]!);
      flip(closed, byte, byte % 8);
      const damaged = fs.readFileSync(closed);
      const directory = source.openDirectory();
      let log: PartitionLog;
      try {
        log = source.openLog(directory);
      } catch (error) {
        // A length that is wrong is met on the way to the end of the segment already.
        expect(error).toMatchObject({ code: 'corrupt' });
        expect(fs.readFileSync(closed).equals(damaged)).toBe(true);
        continue;
      }
      const first = Number(path.basename(closed).slice(0, 20));
      const { offsets, told } = await readable(log);
      expect(offsets).not.toContain(first);
      expect(offsets.length).toBeGreaterThanOrEqual(4);
      expect(told).toEqual([first]);
      expect(log.corruptOffset).toBe(first);
      expect(fs.readFileSync(closed).equals(damaged)).toBe(true);
      source.remove();
    }
  });

  it('D4 (b): below the high watermark is corruption even where it looks like a torn tail', () => {
    const source = fixture();
    const { directory, log } = source.open();
    for (let index = 0; index < 3; index += 1) append(log, batchOf([`v${index}`]));
    log.highWatermark = 3;
    directory.checkpoint();
    source.crash(directory);
    fs.truncateSync(source.file(FIRST), fs.statSync(source.file(FIRST)).size - 1);
    const reopened = source.openDirectory();
    expect(() => source.openLog(reopened)).toThrow(/was committed/);
  });
});

describe('a segment', () => {
  it.each(['closed', 'killed'] as const)(
    'D6: missing in the middle (%s) is a hole, and nothing is removed',
    async (how) => {
      const source = await written(how, true);
      const names = logFiles(source);
      expect(names).toHaveLength(3);
      fs.rmSync(source.file(names[1]!));
      const directory = source.openDirectory();
      expect(() => source.openLog(directory)).toThrow(/segment is missing/);
      expect(logFiles(source)).toEqual([names[0], names[2]]);
    },
  );

  it.each(['closed', 'killed'] as const)('D6: swapped with another (%s) is not served', async (how) => {
    const source = await written(how, true);
    const [one, two] = logFiles(source).map((name) => source.file(name));
    fs.renameSync(one!, `${one}.x`);
    fs.renameSync(two!, one!);
    fs.renameSync(`${one}.x`, two!);
    const directory = source.openDirectory();
    let log: PartitionLog;
    try {
      log = source.openLog(directory);
    } catch (error) {
      expect(error).toMatchObject({ code: 'corrupt' });
      return;
    }
    expect((await readable(log)).offsets).toEqual([4, 5]);
  });
});

describe('a batch written to another’s place', () => {
  it('D7: is not served for what should be there, though its checksum is right', async () => {
    const source = await written('closed');
    const bytes = fs.readFileSync(source.file(FIRST));
    const size = batchSizeBytes(bytes, 0);
    bytes.copyWithin(2 * size, 0, size);
    fs.writeFileSync(source.file(FIRST), bytes);
    const { log } = source.open();
    const { offsets, told } = await readable(log);
    expect(offsets).not.toContain(2);
    expect(told).toEqual([2]);
    expect(await readValues(log, 3)).toEqual(['v3', 'v4', 'v5']);
  });

  it('D7: is found when a killed process’s log is opened', async () => {
    const source = await written('killed');
    const bytes = fs.readFileSync(source.file(FIRST));
    const size = batchSizeBytes(bytes, 0);
    bytes.copyWithin(5 * size, 0, size);
    fs.writeFileSync(source.file(FIRST), bytes);
    const directory = source.openDirectory();
    expect(() => source.openLog(directory)).toThrow(LogError);
  });
});

describe('a partition that is set aside', () => {
  it('makes room for an empty log, and is repairing until it is repaired, whenever the process dies', async () => {
    const source = fixture();
    let { directory, log } = source.open();
    append(log, batchOf(['damaged']));
    await log.flush();
    directory.checkpoint();
    expect(directory.isRepairing(IDENTITY)).toBe(false);
    directory.setAside(IDENTITY);
    const restart = (): void => {
      source.crash(directory);
      ({ directory, log } = source.open());
    };
    expect(directory.isRepairing(IDENTITY)).toBe(true);
    restart();
    expect(directory.isRepairing(IDENTITY)).toBe(true);
    expect([log.logStartOffset, log.logEndOffset]).toEqual([0, 0]);
    expect(directory.storedPartitions()).toEqual([]);
    directory.markRepairing(IDENTITY);
    restart();
    append(log, batchOf(['repaired']));
    await directory.repaired(IDENTITY);
    expect(directory.isRepairing(IDENTITY)).toBe(false);
    restart();
    expect(directory.isRepairing(IDENTITY)).toBe(false);
    expect(await readValues(log)).toEqual(['repaired']);
    expect(fs.readdirSync(source.path).filter((name) => name.startsWith('t-'))).toEqual(['t-0']);
  });

  it('may be one that cannot be opened, and one of a long name', async () => {
    const source = await written('killed');
    flip(source.file(FIRST), 70);
    const directory = source.openDirectory();
    expect(() => source.openLog(directory)).toThrow(LogError);
    directory.setAside(IDENTITY);
    expect(source.openLog(directory).logEndOffset).toBe(0);
    const long = { ...IDENTITY, topic: 'x'.repeat(249), partition: 12 };
    directory.markRepairing(long);
    directory.setAside(long);
    expect(directory.isRepairing(long)).toBe(true);
    expect(directory.isRepairing({ ...long, partition: 1 })).toBe(false);
    await directory.repaired(long);
    expect(directory.isRepairing(long)).toBe(false);
    expect(directory.isRepairing(IDENTITY)).toBe(true);
  });
});
