// A data directory that is another's, that is none, or that has no room: the broker ends with one line that says so
// and leaves it as it was.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ErrorCode } from '@tidemark/wire';
import { BrokerProcess } from '../harness/broker-process.js';
import { describeWhereAllowed } from '../harness/tool.js';
import { WireConnection } from '../harness/wire-connection.js';
import { fill, survey, untilLeader } from './partition-survey.js';
import {
  dataOf,
  expectAll,
  expectRefusal,
  filledBroker,
  flip,
  holding,
  numbersTo,
  partitionOf,
  snapshot,
  start,
  startAs,
  TOPIC,
} from './data-directories.js';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

describe('a data directory', () => {
  const brokers: BrokerProcess[] = [];
  afterEach(async () => {
    for (const broker of brokers.splice(0)) await broker.stop();
  });
  const filled = async (signal: NodeJS.Signals | undefined): Promise<BrokerProcess> => {
    const broker = await filledBroker(signal);
    brokers.push(broker);
    return broker;
  };

  it('of another is refused, and left as it was', async () => {
    const broker = await filled('SIGTERM');
    const before = snapshot(dataOf(broker));
    const others = { TIDEMARK_CLUSTER_ID: 'another-cluster-entirely' };
    expectRefusal(
      await start(dataOf(broker), others),
      /belongs to node 1 of cluster tidemark-test-cluster1/,
      78,
    );
    expectRefusal(await start(dataOf(broker), { TIDEMARK_NODE_ID: '2' }), /not to node 2/, 78);
    expect(snapshot(dataOf(broker))).toEqual(before);
    await broker.restart();
    await expectAll(broker);
  }, 60_000);

  it('in use is refused to a second broker, and the first does not notice', async () => {
    const broker = await filled(undefined);
    expectRefusal(await start(dataOf(broker)), `in use by process ${broker.pid}`);
    await expectAll(broker);
    await broker.signal('SIGTERM');
    await broker.restart();
    await expectAll(broker);
  }, 60_000);

  describe('that is none', () => {
    let home: string;
    beforeEach(() => {
      home = mkdtempSync(join(tmpdir(), 'tidemark-data-'));
    });
    afterEach(() => {
      chmodSync(home, 0o700);
      rmSync(home, { recursive: true, force: true });
    });

    it.each<[string, number, string | RegExp, (data: string) => void]>([
      ['a file', 1, /data/, (data) => writeFileSync(data, 'hello')],
      ['somebody’s documents', 78, /holds "thesis.txt"/, (data) => holding(data, 'thesis.txt', 'at last')],
      ['empty meta.properties', 1, /meta\.properties/, (data) => holding(data, 'meta.properties', '')],
      ['noise for it', 1, /meta\.properties/, (data) => holding(data, 'meta.properties', '\0\xff=\n=\n')],
      [
        'a version to come',
        1,
        /meta\.properties/,
        (data) => holding(data, 'meta.properties', 'version=9\ncluster.id=x\nnode.id=1\n'),
      ],
      [
        'no number for a node',
        1,
        /meta\.properties/,
        (data) => holding(data, 'meta.properties', 'version=1\ncluster.id=x\nnode.id=one\n'),
      ],
      [
        'a folder in its place',
        1,
        /meta\.properties/,
        (data) => mkdirSync(join(data, 'meta.properties'), { recursive: true }),
      ],
    ])('%s', async (_name, code, what, make) => {
      const data = join(home, 'data');
      make(data);
      expectRefusal(await start(data), what, code);
    });

    it('a folder beneath a file', async () => {
      writeFileSync(join(home, 'file'), '');
      expectRefusal(await start(join(home, 'file', 'data')), /file/);
    });

    it('a folder that may not be written to', async () => {
      const data = join(home, 'data');
      mkdirSync(data);
      chmodSync(data, 0o500);
      chmodSync(home, 0o755);
      if (isRoot) chownSync(data, NOBODY, NOBODY);
      expectRefusal(await startAs(isRoot ? NOBODY : undefined, data), /permission denied|EACCES/i);
    });
  });

  it.each<[string, RegExp, (broker: BrokerProcess) => void]>([
    [
      'noise for partition.metadata',
      /partition\.metadata/,
      (broker) => holding(partitionOf(broker), 'partition.metadata', 'what?'),
    ],
    ['a flipped bit in its metadata', /__cluster_metadata-0/, (broker) => flip(metadataLog(broker), 200)],
    [
      'its metadata gone',
      /__cluster_metadata-0/,
      (broker) => rmSync(join(dataOf(broker), '__cluster_metadata-0'), { recursive: true }),
    ],
  ])(
    'with %s ends the start with one line, and is left as it was',
    async (_name, what, damage) => {
      const broker = await filled('SIGTERM');
      damage(broker);
      const before = snapshot(dataOf(broker));
      expectRefusal(await start(dataOf(broker)), what);
      expect(snapshot(dataOf(broker))).toEqual(before);
    },
    60_000,
  );

  const metadataLog = (broker: BrokerProcess): string =>
    join(dataOf(broker), '__cluster_metadata-0', '00000000000000000000.log');
});

const TMPFS = 'd=$(mktemp -d) && mount -t tmpfs -o size=1m none $d && umount $d && rmdir $d';

describeWhereAllowed('a full disk', ['sh', '-c', TMPFS], () => {
  let mounted: string;
  let broker: BrokerProcess | undefined;
  beforeEach(() => {
    mounted = mkdtempSync(join(tmpdir(), 'tidemark-full-'));
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'none', mounted]).status).toBe(0);
  });
  afterEach(async () => {
    await broker?.stop();
    spawnSync('umount', ['-l', mounted]);
    rmSync(mounted, { recursive: true, force: true });
  });

  it('refuses appends, serves reads, goes on when there is room, and loses nothing acknowledged', async () => {
    broker = await BrokerProcess.start({ 'log.segment.bytes': '200000' }, join(mounted, 'broker'));
    const ballast = join(mounted, 'ballast');
    writeFileSync(ballast, Buffer.alloc(3_000_000));
    const connection = await WireConnection.open(broker.address);
    await untilLeader(connection, TOPIC);
    const refused = await fill(connection, TOPIC, 0, 5_000);
    expect(refused.error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(refused.next).toBeGreaterThan(100);
    // Nothing of what was refused is there, everything else is, and the broker still says that there is no room.
    const full = await survey(broker.address, TOPIC);
    expect([...full.numbers.values()]).toEqual(numbersTo(refused.next));
    expect((await fill(connection, TOPIC, refused.next, 1)).error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    rmSync(ballast);
    const { next, error } = await fill(connection, TOPIC, refused.next, 100);
    expect([next, error]).toEqual([refused.next + 500, ErrorCode.NONE]);
    connection.close();
    await broker.signal('SIGKILL');
    await broker.restart();
    const after = await survey(broker.address, TOPIC);
    expect([...after.numbers.values()]).toEqual(numbersTo(next));
  }, 90_000);

  it('without room for a beginning ends the start with one line', async () => {
    writeFileSync(join(mounted, 'ballast'), Buffer.alloc(6 * 1024 * 1024));
    const run = await start(join(mounted, 'data'));
    expectRefusal(run, /no space|disk is full|ENOSPC/i);
    expect(existsSync(join(mounted, 'data', 'meta.properties'))).toBe(false);
  });
});
