/** Logs that were cut, damaged or closed in order, opened again: what is kept, repaired or reported. */
import fs from 'node:fs';
import fc from 'fast-check';
import { jest } from '@jest/globals';
import { LogError } from './log-error.js';
import { append, batchOf, readValues, fixtureMaker, type LogFixture } from './testing/log-fixture.js';

jest.setTimeout(60_000);

const LOG = '00000000000000000000.log';
const withLimits = fixtureMaker();
const fixture = (pageCacheLost = false): LogFixture => withLimits({ pageCacheLost });

/** Five batches of an idempotent producer in two epochs, never flushed, then a crash. */
function crashed(
  texts: Record<string, string> = {},
  pageCacheLost = false,
): { source: LogFixture; sizes: number[] } {
  const source = fixture(pageCacheLost);
  const { directory, log } = source.open(texts);
  const sizes: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    const producer = { producerId: 9, producerEpoch: 0, baseSequence: index * 2 };
    const batch = batchOf([`a${index}`, `b${index}`], producer);
    append(log, batch, index < 4 ? 0 : 1);
    sizes.push(batch.length);
  }
  source.crash(directory);
  return { source, sizes };
}

describe('a torn tail', () => {
  it('D1: is cut to the longest valid prefix, whichever byte of the last batch it ends at', async () => {
    const { source, sizes } = crashed();
    const last = sizes[4] ?? 0;
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    for (let kept = 0; kept < last; kept += 1) {
      const copy = fixture();
      source.copyTo(copy);
      fs.truncateSync(copy.file(LOG), whole - last + kept);
      const { directory, log } = copy.open();
      expect(log.logEndOffset).toBe(8);
      expect(fs.statSync(copy.file(LOG)).size).toBe(whole - last);
      expect(log.latestEpoch).toBe(0);
      // The torn batch never was: its sequence comes next, and its offset is given again.
      const again = batchOf(['a4', 'b4'], { producerId: 9, producerEpoch: 0, baseSequence: 8 });
      expect(append(log, again, 1)).toBe(8);
      if (kept % 40 === 0) expect((await readValues(log)).slice(-2)).toEqual(['a4', 'b4']);
      copy.crash(directory);
      copy.remove();
    }
  });

  it('D4 (a): that nobody flushed before the machine went down loses the damaged batch, and all after it', async () => {
    const { source, sizes } = crashed();
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    fc.assert(
      fc.property(fc.nat(whole - 1), fc.nat(7), (byte, bit) => {
        const copy = fixture(true);
        source.copyTo(copy);
        const bytes = fs.readFileSync(copy.file(LOG));
        bytes[byte]! ^= 1 << bit;
        fs.writeFileSync(copy.file(LOG), bytes);
        let batch = 0;
        let within = byte;
        while (within >= sizes[batch]!) within -= sizes[batch++]!;
        const { directory, log } = copy.open();
        const leaderEpoch = within >= 12 && within < 16; // the one field that nothing covers
        expect(log.logEndOffset).toBe(leaderEpoch ? 10 : batch * 2);
        const end = log.logEndOffset;
        if (log.latestEpoch <= 1) expect(append(log, batchOf(['next']), 1)).toBe(end);
        copy.crash(directory);
        copy.remove();
      }),
      { numRuns: 80 },
    );
    const { log } = source.open();
    expect(await readValues(log)).toHaveLength(10);
  });

  it.each([
    ['zeros, as a file system leaves them', Buffer.alloc(10_000)],
    ['noise', Buffer.from(Array.from({ length: 9999 }, (_, i) => (i * 131) & 0xff))],
    [
      'a header that promises more than there is',
      Buffer.from('0000000000000000000fffff00000000020000', 'hex'),
    ],
  ])('D3: of %s is cut off', async (_what, tail) => {
    const { source } = crashed();
    fs.appendFileSync(source.file(LOG), tail);
    const { log } = source.open();
    expect(await readValues(log)).toHaveLength(10);
    expect(append(log, batchOf(['next']), 1)).toBe(10);
  });

  it('takes the segments after it along when the machine went down', async () => {
    const { source } = crashed({ 'segment.bytes': '100' }, true);
    const names = fs.readdirSync(source.partition).filter((name) => name.endsWith('.log'));
    expect(names.length).toBeGreaterThanOrEqual(4);
    fs.truncateSync(source.file(names[1]!), fs.statSync(source.file(names[1]!)).size - 1);
    const { log } = source.open();
    expect(log.logEndOffset).toBe(Number(names[1]!.slice(0, 20)));
    expect(await readValues(log)).toHaveLength(log.logEndOffset);
    expect(fs.readdirSync(source.partition).filter((name) => name.endsWith('.log'))).toEqual(
      names.slice(0, 2),
    );
  });
});

describe('a log that was closed in order', () => {
  async function closed(texts: Record<string, string> = {}): Promise<LogFixture> {
    const source = fixture();
    const { directory, log } = source.open(texts);
    for (let index = 0; index < 200; index += 1) {
      const producer = { producerId: 9, producerEpoch: 0, baseSequence: index };
      append(log, batchOf([`v${index}`.padEnd(100)], { ...producer, timestamp: source.clock.nowMs + index }));
    }
    await directory.close();
    return source;
  }

  it('is opened without being read, and found again whole', async () => {
    const source = await closed();
    const directory = source.openDirectory();
    expect(directory.cleanlyClosed).toBe(true);
    const log = source.openLog(directory);
    expect(log.logEndOffset).toBe(200);
    expect(log.flushedEnd).toBe(200);
    expect(log.producers.count).toBe(1);
    expect((await readValues(log)).map((value) => value.trim())).toEqual(
      Array.from({ length: 200 }, (_, i) => `v${i}`),
    );
    // The marker is gone while somebody has the directory.
    expect(fs.existsSync(`${source.path}/.kafka_cleanshutdown`)).toBe(false);
  });

  const INDEXES = ['00000000000000000000.index', '00000000000000000000.timeindex'];
  const damages: [string, (path: string) => void][] = [
    ['deleted', (path) => fs.rmSync(path)],
    ['cut within an entry', (path) => fs.truncateSync(path, fs.statSync(path).size - 3)],
    ['empty', (path) => fs.truncateSync(path, 0)],
    ['full of noise', (path) => fs.writeFileSync(path, Buffer.alloc(fs.statSync(path).size, 0x77))],
    ['followed by unused preallocated room', (path) => fs.appendFileSync(path, Buffer.alloc(2400))],
  ];
  it.each(damages.flatMap(([what, damage]) => INDEXES.map((name) => [what, name, damage] as const)))(
    'D5: reads the same when an index is %s (%s)',
    async (_what, name, damage) => {
      const source = await closed();
      damage(source.file(name));
      const { log } = source.open();
      expect(log.logEndOffset).toBe(200);
      expect(await readValues(log, 150)).toHaveLength(50);
      expect(await log.offsetForTimestamp(source.clock.nowMs + 150, 200)).toMatchObject({ offset: 150 });
      expect(append(log, batchOf(['next']))).toBe(200);
      expect(await readValues(log, 199)).toHaveLength(2);
    },
  );

  it('is opened by its snapshot, not by reading it again', async () => {
    const source = await closed({ 'segment.bytes': '4000' });
    const { log } = source.open({ 'segment.bytes': '4000' });
    const duplicate = batchOf(['v196'.padEnd(100)], { producerId: 9, producerEpoch: 0, baseSequence: 196 });
    const result = log.append(duplicate, { origin: 'client', leaderEpoch: 0 });
    expect(result).toMatchObject({ error: 0, duplicate: true, baseOffset: 196 });
  });

  it.each(['.snapshot', '.sequences'])('survives the loss or damage of its %s', async (suffix) => {
    for (const damage of ['lost', 'damaged']) {
      const source = await closed();
      const path = source.file(`${'200'.padStart(20, '0')}${suffix}`);
      if (damage === 'lost') fs.rmSync(path);
      else
        fs.writeFileSync(
          path,
          Buffer.from(fs.readFileSync(path).map((byte, i) => (i === 20 ? byte ^ 1 : byte))),
        );
      const { directory, log } = source.open();
      const next = batchOf(['next'], { producerId: 9, producerEpoch: 0, baseSequence: 200 });
      expect(append(log, next)).toBe(200);
      source.crash(directory);
    }
  });
});

describe('damage below what was forced to disk', () => {
  async function flushed(): Promise<LogFixture> {
    const source = fixture();
    const { directory, log } = source.open();
    for (let index = 0; index < 10; index += 1) append(log, batchOf([`v${index}`]));
    await log.flush();
    directory.checkpoint();
    source.crash(directory);
    return source;
  }

  const damages: [string, (path: string) => void][] = [
    [
      'a flipped bit',
      (path) =>
        fs.writeFileSync(path, Buffer.from(fs.readFileSync(path).map((b, i) => (i === 100 ? b ^ 1 : b)))),
    ],
    ['a cut', (path) => fs.truncateSync(path, fs.statSync(path).size - 1)],
    ['a missing segment', (path) => fs.rmSync(path)],
  ];
  it.each(damages)('(%s) is reported, and nothing is changed', async (_what, damage) => {
    const source = await flushed();
    damage(source.file(LOG));
    const before = fs.existsSync(source.file(LOG)) ? fs.readFileSync(source.file(LOG)) : undefined;
    const directory = source.openDirectory();
    expect(() => source.openLog(directory)).toThrow(LogError);
    expect(() => source.openLog(directory)).toThrow(/was on disk|damaged/);
    if (before !== undefined) expect(fs.readFileSync(source.file(LOG)).equals(before)).toBe(true);
  });

  it('so is a directory that is gone', async () => {
    const source = await flushed();
    fs.rmSync(source.partition, { recursive: true });
    const directory = source.openDirectory();
    expect(() => source.openLog(directory)).toThrow(/directory is gone/);
  });
});
