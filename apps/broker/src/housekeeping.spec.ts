/** Housekeeping on a real data directory and a clock moved by hand, and the settings that bound memory and loss. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogDirectory, logConfigOf, type PartitionLog } from '@tidemark/log';
import { nodeDisk, nodeRandom } from '@tidemark/platform/node';
import { buildBatch, produceApi } from '@tidemark/wire';
import { pino } from 'pino';
import { Housekeeping } from './housekeeping.js';
import { brokerSettings } from './settings.js';
import { ManualClock } from './testing/manual-clock.js';
import { RunningBroker, until } from './testing/running-broker.js';

const MINUTE_MS = 60_000;
const IDENTITY = { topic: 't', partition: 0, topicId: '00000000-0000-0000-0000-000000000007' };

const batch = (bytes: number): Uint8Array =>
  buildBatch([{ key: null, value: Buffer.alloc(bytes, 'x') }], { timestamp: 1_700_000_000_000 });

describe('housekeeping', () => {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-housekeeping-spec-'));
  const clock = new ManualClock();
  let directory: LogDirectory;
  let log: PartitionLog;
  let housekeeping: Housekeeping;
  beforeAll(() => {
    const doors = { disk: nodeDisk, clock, random: nodeRandom };
    directory = LogDirectory.open({ ...doors, path, clusterId: 'c', nodeId: 1 });
    log = directory.openLog(IDENTITY, logConfigOf({ 'flush.ms': '1' }));
    const settings = brokerSettings(
      new Map([
        ['replica.high.watermark.checkpoint.interval.ms', '1000000'],
        ['log.flush.offset.checkpoint.interval.ms', '5000'],
      ]),
    ).settings;
    const logger = pino({ level: 'silent' });
    housekeeping = new Housekeeping({ directory, settings, clock, random: nodeRandom, logger });
    housekeeping.start();
  });
  afterAll(async () => {
    housekeeping.stop();
    await directory.close();
    rmSync(path, { recursive: true, force: true });
  });

  const append = (): void => {
    expect(log.append(batch(1000), { origin: 'client', leaderEpoch: 0 })).toHaveProperty('lastOffset');
    expect(log.writeStaged()).toBeUndefined();
  };

  it('saves recovery points as often as it is told to', async () => {
    append();
    clock.advance(1000);
    await log.flush();
    clock.advance(5000);
    const file = join(path, 'recovery-point-offset-checkpoint');
    await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('t 0 1'));
  });

  it('compacts the logs whose topic says so, and counts it', async () => {
    const texts = { 'cleanup.policy': 'compact', 'segment.bytes': '1000', 'min.cleanable.dirty.ratio': '0' };
    const compacted = directory.openLog({ ...IDENTITY, partition: 1 }, logConfigOf(texts));
    for (let index = 0; index < 4; index += 1) {
      const record = { key: Buffer.from('k'), value: Buffer.alloc(600, 'x') };
      compacted.append(buildBatch([record], { timestamp: 1_700_000_000_000 }), {
        origin: 'client',
        leaderEpoch: 0,
      });
    }
    expect(compacted.writeStaged()).toBeUndefined();
    await compacted.flush();
    compacted.highWatermark = compacted.logEndOffset;
    const before = compacted.sizeBytes;
    clock.advance(15_000);
    while (directory.compaction.runs === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(compacted.sizeBytes).toBeLessThan(before / 1.9);
    expect(directory.compaction).toMatchObject({ runs: 1, failures: 0 });
  });

  it('gives up the tail of a log that nobody uses, and not of one that somebody does', () => {
    append();
    for (let minute = 0; minute < 5; minute += 1) {
      clock.advance(MINUTE_MS);
      expect(directory.tailBytes).toBeGreaterThan(0);
      append();
    }
    clock.advance(2 * MINUTE_MS);
    expect(directory.tailBytes).toBe(0);
    append();
    expect(directory.tailBytes).toBeGreaterThan(0);
  });
});

describe('tail.cache.bytes', () => {
  const tailBytes = async (settings: Record<string, string>): Promise<number> => {
    const running = await RunningBroker.start(settings);
    try {
      const client = await running.connect();
      await client.createTopic('t');
      for (let i = 0; i < 40; i += 1) {
        const topicData = [{ name: 't', partitionData: [{ index: 0, records: batch(20_000) }] }];
        const { responses } = await client.ask(produceApi, 9, { acks: -1, timeoutMs: 1000, topicData });
        expect(responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
      }
      const metrics = await (await fetch(`${running.admin}/metrics`)).text();
      return Number(/^tidemark_broker_tail_bytes (\d+)$/m.exec(metrics)?.[1]);
    } finally {
      await running.stop();
    }
  };

  it('bounds what the tail of one log takes', async () => {
    const [bytes, logs] = [65_536, 2];
    expect(await tailBytes({ TIDEMARK_KAFKA_TAIL_CACHE_BYTES: String(bytes) })).toBeLessThanOrEqual(
      logs * bytes,
    );
    expect(await tailBytes({})).toBeGreaterThan(500_000);
  });
});
