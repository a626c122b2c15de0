/** Three brokers over real sockets agree on the metadata: election, commit on a majority, kills, catching up. */
import { rmSync } from 'node:fs';
import type { ControllerAnswer } from '../controller.js';
import type { ControllerCommand } from '../controller-commands.js';
import { MortalCluster, type ClusterMember } from '../../testing/mortal/mortal-cluster.js';
import { until } from '../../testing/running-broker.js';

describe('three brokers', () => {
  let cluster: MortalCluster;
  beforeEach(async () => {
    cluster = await MortalCluster.start(3);
  });
  afterEach(() => cluster.stop());

  it('elect one leader, and all know of it and of each other', async () => {
    await until(() => cluster.running.every(({ broker }) => broker.controller.image.brokers.size === 3));
    const leaders = cluster.running.filter(({ broker }) => broker.quorum.leadership.isLeader);
    expect(leaders).toHaveLength(1);
    const [leader] = leaders;
    for (const { broker } of cluster.running) {
      expect(broker.quorum.leadership).toMatchObject({ leaderId: leader?.id });
    }
  });

  it('lose nothing that was committed when the leader is killed, and go on within a second', async () => {
    const gapsMs: number[] = [];
    for (let round = 1; round <= 3; round += 1) {
      const leader = await activeOf(cluster);
      await create(leader, `before-${round}`);
      const killedAt = performance.now();
      await leader.kill();
      const next = await activeOf(cluster);
      gapsMs.push(performance.now() - killedAt);
      expect(next.id).not.toBe(leader.id);
      await create(next, `after-${round}`);
      await leader.start();
      await equal(cluster, [`before-${round}`, `after-${round}`]);
    }

    if (process.env.SPEC_FIGURES !== undefined) console.log('election after a kill, ms', gapsMs);
    for (const gapMs of gapsMs) expect(gapMs).toBeLessThan(1_000);
  });

  it('hand over when the leader stops in order', async () => {
    const leader = await activeOf(cluster);
    await leader.stop();
    const next = await activeOf(cluster);
    await create(next, 'while-away');
    await leader.start();
    await equal(cluster, ['while-away']);
  });

  it('decide nothing without a majority', async () => {
    const leader = await activeOf(cluster);
    const others = cluster.running.filter((member) => member !== leader);
    for (const other of others) await other.kill();
    let answer: unknown;
    void ask(leader, createCommand('alone')).then((given) => (answer = given));
    await until(() => !leader.broker.controller.active);
    await until(() => answer !== undefined);
    expect(answer).toHaveProperty('error');
    await Promise.all(others.map((other) => other.start()));
    await create(await activeOf(cluster), 'together');
    await equal(cluster, ['together']);
  });

  it('do not count a voter that lost its disk', async () => {
    const leader = await activeOf(cluster);
    const [first, second] = cluster.running.filter((member) => member !== leader);
    if (first === undefined || second === undefined) throw new Error('three members');
    await first.kill();
    rmSync(first.directory, { recursive: true });
    await first.start({ TIDEMARK_DIRECTORY_ID: '' });
    expect(first.broker.quorum.isVoter).toBe(false);
    await second.kill();
    await until(() => !leader.broker.controller.active);
    expect(first.broker.quorum.state.role).not.toBe('leader');
    await second.start();
    await create(await activeOf(cluster), 'again');
  });
});

describe('three brokers with snapshots', () => {
  it('bring one that was away back by a snapshot', async () => {
    const cluster = await MortalCluster.start(3, {
      TIDEMARK_KAFKA_METADATA_LOG_MAX_RECORD_BYTES_BETWEEN_SNAPSHOTS: '2000',
      TIDEMARK_KAFKA_LOG_SEGMENT_BYTES: '2000',
    });
    try {
      const leader = await activeOf(cluster);
      const away = cluster.running.find((member) => member !== leader);
      if (away === undefined) throw new Error('three members');
      await create(leader, 'known');
      await equal(cluster, ['known']);
      await away.kill();
      const names = Array.from({ length: 60 }, (_, index) => `topic-${index}`);
      for (const name of names) await create(leader, name);
      expect(leader.broker.quorum.logStartOffset).toBeGreaterThan(0);
      await away.start();
      await equal(cluster, ['known', ...names]);
      expect(away.broker.quorum.logStartOffset).toBeGreaterThan(0);
      // And from its own disk.
      for (const member of [...cluster.running]) await member.kill();
      await Promise.all(cluster.members.map((member) => member.start()));
      await equal(cluster, ['known', ...names]);
    } finally {
      await cluster.stop();
    }
  });
});

async function activeOf(cluster: MortalCluster): Promise<ClusterMember> {
  await until(() => cluster.active !== undefined);
  const { active } = cluster;
  if (active === undefined) throw new Error('nobody decides');
  return active;
}

const createCommand = (name: string): Extract<ControllerCommand, { type: 'CreateTopics' }> => ({
  type: 'CreateTopics',
  topics: [
    { name, topicId: crypto.randomUUID(), partitions: 1, replicationFactor: 1, assignments: [], configs: [] },
  ],
  validateOnly: false,
});

function ask<C extends ControllerCommand>(
  member: ClusterMember,
  command: C,
): Promise<ControllerAnswer<C['type']>> {
  return new Promise((resolve) => member.broker.controller.submit(command, resolve));
}

/** Asks until it is there: the leader may be a former one. */
async function create(member: ClusterMember, name: string): Promise<void> {
  const answer = await ask(member, createCommand(name));
  expect(answer).toHaveProperty('reply');
}

async function equal(cluster: MortalCluster, names: readonly string[]): Promise<void> {
  await until(() =>
    cluster.running.every(({ broker }) => names.every((name) => broker.controller.image.topics.has(name))),
  );
}
