// Two of three disks are gone for good, with the majority of the metadata and of every topic: the way back that
// docs/operations.md describes, command by command.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from '../harness/stack.js';

interface ClusterFile {
  readonly brokers: readonly { readonly id: number; readonly voter: boolean }[];
}

interface BrokerRow {
  readonly id: number;
  readonly voter: boolean;
  readonly replicas: number;
  readonly inSync: number;
}

const LOST = [2, 3];

describe('a stack that lost two of three disks', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.up();
  }, 180_000);
  afterAll(() => stack.destroy(), 120_000);

  it('goes on with what the third one has', async () => {
    const before = await stack.submit('true', {}, 'before');
    await stack.until(String(before.body.id), ['COMPLETED']);
    await stack.down();

    const data = join(stack.home, 'data');
    for (const id of LOST) rmSync(join(data, `broker-${id}`), { recursive: true });
    expect(readdirSync(data)).toEqual(['broker-1']);
    const path = join(stack.home, 'cluster.json');
    const cluster = JSON.parse(readFileSync(path, 'utf8')) as ClusterFile;
    const brokers = cluster.brokers.map((one) => (LOST.includes(one.id) ? { ...one, voter: false } : one));
    writeFileSync(path, JSON.stringify({ ...cluster, brokers }));

    await stack.upAgain('--brokers-only');
    expect((await stack.ps()).map(({ name }) => name)).toEqual(['broker-1', 'broker-2', 'broker-3']);
    const refused = await stack.cli(['topics', 'recover', '--all']);
    expect([refused.status, refused.stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(refused.stderr).toMatch(/^tidemark: \d+ partitions have no leader .*--accept-data-loss$/m);
    const recovered = await stack.json<{ topic: string }[]>([
      'topics',
      'recover',
      '--all',
      '--accept-data-loss',
    ]);
    expect(recovered.map(({ topic }) => topic)).toContain('tidemark.experiments');
    expect(await stack.json(['topics', 'recover', '--all'])).toEqual([]);
    for (const { name } of await stack.json<{ name: string }[]>(['topics'])) {
      const moved = await stack.cli(['topics', 'reassign', name, '--brokers', '1,2,3'], 120_000);
      expect([moved.status, name]).toEqual([0, name]);
    }
    const rows = await stack.json<BrokerRow[]>(['brokers']);
    expect(rows.map(({ id, voter }) => [id, voter])).toEqual([
      [1, true],
      [2, false],
      [3, false],
    ]);
    for (const { replicas, inSync } of rows) expect(inSync).toBe(replicas);

    await stack.down();
    await stack.upAgain();
    await stack.until(String(before.body.id), ['COMPLETED']);
    const after = await stack.submit('true', {}, 'after');
    await stack.until(String(after.body.id), ['COMPLETED']);
    expect(existsSync(join(data, 'broker-2'))).toBe(true);
  }, 400_000);
});
