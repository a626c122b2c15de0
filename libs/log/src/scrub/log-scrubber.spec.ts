/** Closed segments on a real disk, gone through at a pace: what is found, what is not taken for damage, and how fast. */
import fs from 'node:fs';
import path from 'node:path';
import { nodeRandom } from '@tidemark/platform/node';
import { LogScrubber } from './log-scrubber.js';
import { LogFixture, append, batchOf } from '../testing/log-fixture.js';

const BYTES_PER_SECOND = 1024 * 1024;

describe('scrubbing', () => {
  const fixtures: LogFixture[] = [];
  afterEach(() => {
    for (const made of fixtures.splice(0)) made.remove();
  });

  /** Ten segments; a rest of the scrubber lasts no time, but is noted. */
  async function setUp() {
    const fixture = new LogFixture();
    fixtures.push(fixture);
    const { directory, log } = fixture.open({ 'segment.bytes': '3000' });
    for (let index = 0; index < 50; index += 1) append(log, batchOf([`${index} ${'x'.repeat(500)}`]));
    await log.flush();
    const told: number[] = [];
    log.listener = { corrupt: (_log, offset) => told.push(offset) };
    const rests: number[] = [];
    const errors: unknown[] = [];
    let meanwhile: (() => void) | undefined;
    const scrubber = new LogScrubber({
      clock: {
        now: () => 0,
        monotonic: () => 0,
        defer: (fire) => setImmediate(fire),
        setTimer: (delayMs, fire) => {
          rests.push(delayMs);
          const timer = setImmediate(() => {
            meanwhile?.();
            fire();
          });
          return { cancel: () => clearImmediate(timer) };
        },
      },
      random: nodeRandom,
      bytesPerSecond: BYTES_PER_SECOND,
      logs: () => directory.logs(),
      onError: (_log, error) => errors.push(error),
    });
    const files = fs.readdirSync(fixture.partition).filter((name) => name.endsWith('.log'));
    const flip = (segment: number): void => {
      const file = path.join(fixture.partition, files[segment] ?? '');
      const bytes = fs.readFileSync(file);
      bytes[bytes.length - 10]! ^= 1;
      fs.writeFileSync(file, bytes);
    };
    const during = (act: () => void): void => void (meanwhile = act);
    return { directory, log, told, rests, errors, scrubber, files, flip, during };
  }

  it('reads all that is closed, a little at a time, and no faster than it is told', async () => {
    const { log, told, rests, scrubber, files } = await setUp();
    await scrubber.pass();
    expect(scrubber.totals).toMatchObject({ passes: 1, damaged: 0 });
    expect(told).toEqual([]);
    expect(rests).toHaveLength(files.length - 1);
    const restedMs = rests.reduce((sum, ms) => sum + ms, 0);
    expect(restedMs).toBeCloseTo((scrubber.totals.bytes / BYTES_PER_SECOND) * 1_000);
    expect(scrubber.totals.bytes).toBeGreaterThan(log.sizeBytes * 0.8);
    expect(scrubber.totals.bytes).toBeLessThan(log.sizeBytes);
  });

  it('finds a bit that flipped, and leaves what is open to whoever writes it', async () => {
    const { told, errors, scrubber, files, flip } = await setUp();
    flip(files.length - 1);
    await scrubber.pass();
    expect(told).toEqual([]);
    flip(3);
    await scrubber.pass();
    expect([told.length, errors.length]).toEqual([1, 1]);
    expect(scrubber.totals.damaged).toBe(1);
    // Once is enough: the log is to be repaired.
    await scrubber.pass();
    expect(scrubber.totals).toMatchObject({ passes: 3, damaged: 1 });
  });

  it('takes for no damage what is cut or deleted under it', async () => {
    const { log, told, errors, scrubber, during } = await setUp();
    let rested = 0;
    during(() => {
      rested += 1;
      if (rested === 2) log.truncateTo(12);
    });
    await scrubber.pass();
    expect(told).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('ends at once when it is stopped, and leaves a log alone that is closed', async () => {
    const { directory, log, scrubber, rests, during, files, errors } = await setUp();
    let closed: Promise<void> | undefined;
    during(() => {
      closed ??= directory.closeLog(log);
    });
    await scrubber.pass();
    await closed;
    expect(rests.length).toBeLessThan(files.length / 2);
    expect(errors).toEqual([]);
    scrubber.stop();
    await scrubber.pass();
    expect(scrubber.totals.passes).toBe(1);
  });
});
