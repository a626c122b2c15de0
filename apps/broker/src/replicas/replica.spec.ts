/** A replica on a real log and a disk that fails when told to: who is told what, and when. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { LogDirectory, logConfigOf } from '@tidemark/log';
import { nodeClock, nodeRandom } from '@tidemark/platform/node';
import { ErrorCode, buildBatch, readRecords, setBatchLeaderEpoch } from '@tidemark/wire';
import { BROKER_RULES } from '../broker-rules.js';
import { FaultyDisk } from '../testing/faulty-disk.js';
import { partitionImage } from '../testing/partition-image.js';
import { until } from '../testing/running-broker.js';
import { Tick } from '../tick.js';
import { certainEnd } from './partition-fences.js';
import { Replica } from './replica.js';

const LEADER = 1;
const batch = (...texts: string[]): Uint8Array =>
  buildBatch(
    texts.map((text) => ({ key: null, value: Buffer.from(text) })),
    { timestamp: Date.now() },
  );
const image = (leader: number, leaderEpoch: number, isr: readonly number[] = [1]) =>
  partitionImage({ leader, leaderEpoch, partitionEpoch: leaderEpoch, isr });

describe('replica', () => {
  const directories: string[] = [];
  const opened: LogDirectory[] = [];
  afterEach(async () => {
    for (const directory of opened.splice(0)) await directory.close().catch(() => undefined);
    for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true });
  });

  const diskFailures: Error[] = [];

  function setUp(configs: Record<string, string> = {}) {
    const path = mkdtempSync(join(tmpdir(), 'tidemark-replica-spec-'));
    directories.push(path);
    const disk = new FaultyDisk();
    const limits = { clusterId: 'c', nodeId: LEADER };
    const directory = LogDirectory.open({ disk, clock: nodeClock, random: nodeRandom, path, ...limits });
    opened.push(directory);
    const identity = { topic: 't', partition: 0, topicId: '00000000-0000-4000-8000-000000000001' };
    const log = directory.openLog(identity, logConfigOf(configs));
    const tick = new Tick(nodeClock);
    const lines: string[] = [];
    const logger = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
    const life = { registered: true };
    const context = {
      brokerId: LEADER,
      tick,
      clock: nodeClock,
      logger,
      lagTimeMaxMs: 1_000,
      lastHeardMs: () => 0,
      proposals: { propose: () => undefined },
      rules: BROKER_RULES,
      diskFailed: (error: Error) => void diskFailures.push(error),
      brokers: () => new Map(),
      mayLead: () => life.registered,
    };
    const protocol = 'primary-backup';
    const replica = new Replica({ ...identity, context, log, protocol, minInsyncReplicas: 1 });
    replica.assume(image(LEADER, 0));
    const told: [string, ErrorCode][] = [];
    const append = (name: string): void => {
      const { error, lastOffset } = replica.append(batch(name), 'client');
      expect(error).toBe(ErrorCode.NONE);
      replica.onWritten(lastOffset + 1, (outcome) => told.push([`${name} written`, outcome]));
      replica.onCommitted(lastOffset + 1, (outcome) => told.push([`${name} committed`, outcome]));
    };
    const texts = async (): Promise<string[]> => {
      const read = await replica.read(replica.logStartOffset, 1_000_000, true);
      const values = [...readRecords(read.bytes)].map(({ value }) => Buffer.from(value ?? []).toString());
      read.release();
      return values;
    };
    return { life, disk, tick, replica, told, append, texts, lines };
  }

  it('commits in the tick that writes', () => {
    const { tick, replica, told, append } = setUp();
    append('a');
    append('b');
    expect(told).toEqual([]);
    expect(replica.highWatermark).toBe(0);
    tick.run();
    expect(replica.highWatermark).toBe(2);
    expect(told).toEqual([
      ['a written', 0],
      ['b written', 0],
      ['a committed', 0],
      ['b committed', 0],
    ]);
    replica.onCommitted(2, (outcome) => told.push(['late', outcome]));
    expect(told.at(-1)).toEqual(['late', 0]);
  });

  it('commits nothing before it is on disk when every record is to be flushed', async () => {
    const { disk, tick, replica, told, append } = setUp({ 'flush.messages': '1' });
    disk.holdFlushes();
    append('a');
    tick.run();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
    expect(replica.highWatermark).toBe(0);
    disk.releaseFlushes();
    await until(() => told.length === 2);
    expect(replica.highWatermark).toBe(1);
  });

  it('does not say how far its log goes before what it found is on disk', async () => {
    const { disk, tick, replica, append } = setUp({ 'flush.messages': '1' });
    append('a');
    tick.run();
    await until(() => replica.log.flushedEnd === 1);
    expect(certainEnd(replica.log, 1)).toEqual({ lastEpoch: 0, logEnd: 1 });
    disk.holdFlushes();
    append('b');
    tick.run();
    // As after a restart that found two records: the last life may have acknowledged both.
    expect(certainEnd(replica.log, 2)).toBeUndefined();
    disk.releaseFlushes();
    await until(() => replica.log.flushedEnd === 2);
    expect(certainEnd(replica.log, 2)).toMatchObject({ logEnd: 2 });
  });

  it('tells producers that the disk is full, goes on reading, and appends again when there is room', async () => {
    const { disk, tick, replica, told, append, texts } = setUp();
    append('kept');
    tick.run();
    disk.full = true;
    append('refused');
    append('refused too');
    tick.run();
    expect(told.slice(2)).toEqual([
      ['refused written', ErrorCode.KAFKA_STORAGE_ERROR],
      ['refused too written', ErrorCode.KAFKA_STORAGE_ERROR],
      ['refused committed', ErrorCode.KAFKA_STORAGE_ERROR],
      ['refused too committed', ErrorCode.KAFKA_STORAGE_ERROR],
    ]);
    expect([replica.logEndOffset, replica.highWatermark]).toEqual([1, 1]);
    expect(await texts()).toEqual(['kept']);
    disk.full = false;
    append('again');
    tick.run();
    expect(told.at(-1)).toEqual(['again committed', ErrorCode.NONE]);
    expect(await texts()).toEqual(['kept', 'again']);
  });

  it.each([
    ['few', 1],
    ['many', 100_000],
  ])('as a follower whose disk is full says so once, and asks again later (%s bytes)', async (_, length) => {
    const { disk, tick, replica, lines } = setUp();
    replica.assume(image(2, 1, [1, 2]));
    const { following } = replica;
    const records = batch('x'.repeat(length));
    setBatchLeaderEpoch(records, 0, 1);
    const answer = { errorCode: 0, highWatermark: 0, logStartOffset: 0, records };
    const take = () => following?.take({ ...answer, divergingEpoch: { epoch: -1, endOffset: -1 } }, 1);
    following?.asked(1);
    disk.full = true;
    for (let refusals = 0; refusals < 3; refusals++) {
      expect(take()).toBe('go-on');
      tick.run();
      expect(following?.tookBack).toBe(true);
    }
    expect(lines).toEqual([expect.stringContaining('append refused by the disk')]);
    disk.full = false;
    expect(take()).toBe('go-on');
    tick.run();
    expect(replica.logEndOffset).toBe(1);
    expect(lines).toHaveLength(1);
    await replica.log.flush();
  });

  it('goes on when there is room again for the segment that could not be begun', async () => {
    const { disk, tick, replica, append, texts } = setUp({ 'segment.bytes': '100' });
    append('kept');
    tick.run();
    disk.full = true;
    expect(replica.append(batch('refused'), 'client').error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    tick.run();
    disk.full = false;
    append('again');
    tick.run();
    expect(replica.logEndOffset).toBe(2);
    expect(await texts()).toEqual(['kept', 'again']);
  });

  it('serves nobody after a failed flush, and says that the disk is lost', async () => {
    const { disk, tick, replica, told, append } = setUp({ 'flush.messages': '1' });
    disk.failFlush = true;
    append('in doubt');
    tick.run();
    await until(() => told.length === 2);
    expect(told.map(([, outcome]) => outcome)).toEqual([
      ErrorCode.KAFKA_STORAGE_ERROR,
      ErrorCode.KAFKA_STORAGE_ERROR,
    ]);
    expect(replica.availability).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(replica.append(batch('x'), 'client').error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(diskFailures).toHaveLength(1);
  });

  it('does not lead before its process is registered, whatever the metadata says of its last life', () => {
    const { life, replica } = setUp();
    life.registered = false;
    replica.assume(image(LEADER, 1));
    expect(replica.leading).toBe(false);
    // Registration ends every leadership; the next one is of a new epoch.
    life.registered = true;
    replica.assume(image(-1, 2));
    replica.assume(image(LEADER, 3));
    expect(replica.leading).toBe(true);
  });

  it('fences by leader epochs', () => {
    const { tick, replica } = setUp();
    replica.assume(image(LEADER, 5));
    tick.run();
    expect(replica.append(batch('x'), 'coordinator', 4).error).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(replica.append(batch('x'), 'coordinator', 6).error).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(replica.append(batch('x'), 'coordinator', 5).error).toBe(ErrorCode.NONE);
    expect([4, 5, 6, -1].map((epoch) => replica.checkEpoch(epoch))).toEqual([
      ErrorCode.FENCED_LEADER_EPOCH,
      ErrorCode.NONE,
      ErrorCode.UNKNOWN_LEADER_EPOCH,
      ErrorCode.NONE,
    ]);
    tick.run();
  });

  it('tells everybody when another broker leads, and when it retires', () => {
    const { tick, replica, told, append } = setUp();
    let woken = 0;
    replica.readers.add({ tryComplete: () => ++woken > 100 });
    append('a');
    replica.assume(image(2, 1));
    expect(told).toEqual([
      ['a written', ErrorCode.NOT_LEADER_OR_FOLLOWER],
      ['a committed', ErrorCode.NOT_LEADER_OR_FOLLOWER],
    ]);
    expect(replica.append(batch('x'), 'client').error).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    replica.assume(image(LEADER, 2));
    tick.run();
    const before = woken;
    replica.retire();
    expect(woken).toBe(before + 1);
    expect(replica.availability).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  it('gives up records up to the high watermark and no further', () => {
    const { tick, replica, append } = setUp();
    for (const name of ['a', 'b', 'c']) append(name);
    expect(replica.deleteRecordsBefore(1)).toEqual({ error: ErrorCode.OFFSET_OUT_OF_RANGE });
    tick.run();
    expect(replica.deleteRecordsBefore(2)).toEqual({ lowWatermark: 2 });
    expect(replica.deleteRecordsBefore(-1)).toEqual({ lowWatermark: 3 });
    expect(replica.deleteRecordsBefore(4)).toEqual({ error: ErrorCode.OFFSET_OUT_OF_RANGE });
  });
});
