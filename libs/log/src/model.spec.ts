/**
 * The log against a list: whatever is appended, written, flushed, truncated, forgotten, closed or killed, in any
 * order, what can be read is what the list says.
 */
import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { LogDirectory } from './directory/log-directory.js';
import type { PartitionLog } from './partition-log.js';
import { LogFixture, batchOf, readValues } from './testing/log-fixture.js';

jest.setTimeout(120_000);

const TEXTS = {
  'segment.bytes': '1500',
  'index.interval.bytes': '200',
  'retention.ms': '-1',
  'file.delete.delay.ms': '0',
};

type Step =
  | { readonly kind: 'append'; readonly batches: readonly number[] }
  | { readonly kind: 'truncate'; readonly part: number }
  | { readonly kind: 'forget'; readonly part: number }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'flush' | 'close' | 'kill' | 'checkpoint' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        batches: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('truncate' as const),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('forget' as const),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('flush' as const, 'close' as const, 'kill' as const, 'checkpoint' as const),
      }),
    },
  ),
  { minLength: 1, maxLength: 25 },
);

interface ModelBatch {
  readonly baseOffset: number;
  readonly values: readonly string[];
  readonly sequence: number;
}

class Model {
  batches: ModelBatch[] = [];
  start = 0;
  end = 0;
  sequence = 0;
  made = 0;

  values(): string[] {
    return this.batches
      .flatMap(({ baseOffset, values }) =>
        values.map((value, index) => ({ offset: baseOffset + index, value })),
      )
      .filter(({ offset }) => offset >= this.start)
      .map(({ value }) => value);
  }
}

class Run {
  readonly fixture = new LogFixture({ ringBytesMax: 64 * 1024 });
  readonly model = new Model();
  directory!: LogDirectory;
  log!: PartitionLog;

  open(): void {
    ({ directory: this.directory, log: this.log } = this.fixture.open(TEXTS));
    this.log.highWatermark = this.log.logEndOffset;
  }

  async step(step: Step): Promise<void> {
    const { model } = this;
    switch (step.kind) {
      case 'append':
        for (const count of step.batches) this.append(count);
        expect(this.log.writeStaged()).toBeUndefined();
        this.log.highWatermark = this.log.logEndOffset;
        break;
      case 'repeat': {
        const last = model.batches.at(-1);
        if (last === undefined) break;
        const result = this.log.append(this.batch(last.values, last.sequence), {
          origin: 'client',
          leaderEpoch: 0,
        });
        expect(result).toMatchObject({ error: 0, duplicate: true, baseOffset: last.baseOffset });
        break;
      }
      case 'truncate':
        this.truncate(Math.floor(model.start + step.part * (model.end - model.start)));
        break;
      case 'forget':
        model.start = Math.floor(model.start + step.part * (model.end - model.start));
        this.log.deleteRecordsBefore(model.start);
        this.directory.checkpoint();
        break;
      case 'flush':
        await this.log.flush();
        break;
      case 'checkpoint':
        this.directory.checkpoint();
        break;
      case 'close':
        await this.directory.close();
        this.open();
        break;
      case 'kill':
        this.fixture.crash(this.directory);
        this.open();
        break;
    }
  }

  async check(): Promise<void> {
    expect(this.log.logEndOffset).toBe(this.model.end);
    expect(this.log.logStartOffset).toBe(this.model.start);
    expect(await readValues(this.log, this.model.start, 700)).toEqual(this.model.values());
  }

  private append(count: number): void {
    const { model } = this;
    const values = Array.from(
      { length: count },
      (_, index) => `${(model.made += 1)}-${'x'.repeat((index * 37) % 90)}`,
    );
    const result = this.log.append(this.batch(values, model.sequence), { origin: 'client', leaderEpoch: 0 });
    expect(result).toMatchObject({ error: 0, duplicate: false, baseOffset: model.end });
    model.batches.push({ baseOffset: model.end, values, sequence: model.sequence });
    model.end += count;
    model.sequence += count;
  }

  private batch(values: readonly string[], baseSequence: number): Uint8Array {
    return batchOf(values, { producerId: 1, producerEpoch: 0, baseSequence });
  }

  /** A batch that spans the offset goes whole. */
  private truncate(offset: number): void {
    const { model } = this;
    this.log.truncateTo(offset);
    model.batches = model.batches.filter(({ baseOffset, values }) => baseOffset + values.length <= offset);
    const last = model.batches.at(-1);
    model.end = last === undefined ? this.log.logEndOffset : last.baseOffset + last.values.length;
    expect(this.log.logEndOffset).toBe(Math.min(model.end, offset));
    model.start = Math.min(model.start, model.end);
    model.sequence = last === undefined ? 0 : last.sequence + last.values.length;
    this.log.highWatermark = this.log.logEndOffset;
    this.directory.checkpoint();
  }
}

it('is what a list would be', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const run = new Run();
      try {
        run.open();
        for (const step of story) {
          await run.step(step);
          await run.check();
        }
      } finally {
        run.fixture.remove();
      }
    }),
    { numRuns: 60 },
  );
});
