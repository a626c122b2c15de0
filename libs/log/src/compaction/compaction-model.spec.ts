/**
 * A compacted log against a map: whatever is written, deleted, rolled, compacted, closed or killed, in any order, a
 * reader from any offset gets whole batches and comes to the same last value of every key.
 */
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { Codec, buildBatch, readRecords, type RecordInput } from '@tidemark/wire';
import type { LogDirectory } from '../directory/log-directory.js';
import type { PartitionLog } from '../partition-log.js';
import { LogFixture, append } from '../testing/log-fixture.js';

jest.setTimeout(120_000);

const DELETE_RETENTION_MS = 10;
const TEXTS = {
  'cleanup.policy': 'compact',
  'segment.bytes': '500',
  'index.interval.bytes': '100',
  'min.cleanable.dirty.ratio': '0',
  'delete.retention.ms': String(DELETE_RETENTION_MS),
  'file.delete.delay.ms': '0',
};

type Step =
  | {
      readonly kind: 'write';
      readonly writes: readonly (readonly [key: number, deletes: boolean])[];
      readonly gzip: boolean;
    }
  | { readonly kind: 'compact' | 'close' | 'kill' | 'wait' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        writes: fc.array(fc.tuple(fc.nat(9), fc.boolean()), { minLength: 1, maxLength: 8 }),
        gzip: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('compact' as const, 'close' as const, 'kill' as const, 'wait' as const),
      }),
    },
  ),
  { minLength: 4, maxLength: 40 },
);

class Run {
  readonly fixture = new LogFixture({ compactionBytes: 24 * 64 });
  directory!: LogDirectory;
  log!: PartitionLog;
  /** By key: the last offset and value; a deleted key has none. */
  readonly last = new Map<string, { offset: number; value: string | undefined; atMs: number }>();
  private made = 0;
  private sequence = 0;

  open(): void {
    ({ directory: this.directory, log: this.log } = this.fixture.open(TEXTS));
    this.log.highWatermark = this.log.logEndOffset;
  }

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'write':
        this.write(step.writes, step.gzip);
        break;
      case 'compact':
        await this.log.flush();
        await this.directory.compact();
        this.directory.releaseIdle();
        this.directory.releaseIdle();
        break;
      case 'wait':
        this.fixture.clock.nowMs += DELETE_RETENTION_MS + 1;
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

  private write(writes: readonly (readonly [number, boolean])[], gzip: boolean): void {
    const { nowMs } = this.fixture.clock;
    const records = writes.map(([key, deletes]): RecordInput => {
      const value = deletes ? null : Buffer.from(`${(this.made += 1)}-${'x'.repeat(key * 10)}`);
      return { key: Buffer.from(`key${key}`), value };
    });
    const producer = { producerId: 3, producerEpoch: 0, baseSequence: this.sequence };
    this.sequence += records.length;
    const codec = gzip ? Codec.GZIP : Codec.NONE;
    const base = append(this.log, buildBatch(records, { timestamp: nowMs, codec, ...producer }));
    this.log.highWatermark = this.log.logEndOffset;
    records.forEach(({ key, value }, index) => {
      const text = value === null ? undefined : Buffer.from(value).toString();
      this.last.set(Buffer.from(key ?? []).toString(), { offset: base + index, value: text, atMs: nowMs });
    });
  }

  /** What a reader makes of the log from `from` on. Every read gets on; offsets only ascend. */
  private async replay(from: number): Promise<Map<string, { offset: number; value: string | undefined }>> {
    const found = new Map<string, { offset: number; value: string | undefined }>();
    let offset = from;
    let before = -1;
    while (offset < this.log.logEndOffset) {
      const result = await this.log.read(offset, 300, { upTo: this.log.logEndOffset, minOneBatch: true });
      expect(result.error).toBe(0);
      expect(result.nextOffset).toBeGreaterThan(offset);
      for (const record of readRecords(result.bytes)) {
        expect(record.offset).toBeGreaterThan(before);
        before = record.offset;
        if (record.offset < from) continue;
        const value = record.value === null ? undefined : Buffer.from(record.value).toString();
        found.set(Buffer.from(record.key ?? []).toString(), { offset: record.offset, value });
      }
      offset = result.nextOffset;
      result.release();
    }
    return found;
  }

  async check(from: number): Promise<void> {
    const found = await this.replay(from);
    for (const [key, { offset, value, atMs }] of this.last) {
      if (offset < from) continue;
      const mayBeGone = value === undefined && this.fixture.clock.nowMs > atMs + DELETE_RETENTION_MS;
      if (mayBeGone && !found.has(key)) continue;
      expect(found.get(key)).toEqual({ offset, value });
    }
    for (const key of found.keys()) expect(this.last.get(key)?.offset).toBeGreaterThanOrEqual(from);
  }

  /** The producer's next sequence is what it was. */
  checkProducer(): void {
    if (this.sequence === 0) return;
    const batch = buildBatch([{ key: Buffer.from('p'), value: null }], {
      timestamp: 0,
      producerId: 3,
      producerEpoch: 0,
      baseSequence: this.sequence + 5,
    });
    const { error } = this.log.append(batch, { origin: 'client', leaderEpoch: 0 });
    expect(error).not.toBe(0);
  }
}

it('is what a map would be, from every offset', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.double({ min: 0, max: 1, noNaN: true }), async (story, part) => {
      const run = new Run();
      try {
        run.open();
        for (const step of story) {
          await run.step(step);
          if (step.kind === 'write') continue;
          await run.check(0);
          await run.check(Math.floor(part * run.log.logEndOffset));
          run.checkProducer();
        }
      } finally {
        run.fixture.remove();
      }
    }),
    { numRuns: 40 },
  );
});
