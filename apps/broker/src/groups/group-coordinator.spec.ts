/** The group coordinator of a running broker: what it forgets in time, and the commits that it refuses. */
import { ErrorCode, findCoordinatorApi, joinGroupApi } from '@tidemark/wire';
import type { GroupCoordinator } from './group-coordinator.js';
import { RunningBroker, until } from '../testing/running-broker.js';

const committed = (partition: number, commitTimestampMs: number, metadata = '') => {
  return { topic: 't', partition, offset: 5, leaderEpoch: -1, metadata, commitTimestampMs };
};

describe('the group coordinator over time', () => {
  let running: RunningBroker;
  const coordinator = (): GroupCoordinator => running.broker.coordinators.groups;
  beforeEach(async () => {
    running = await RunningBroker.start({
      TIDEMARK_KAFKA_NUM_PARTITIONS: '10',
      TIDEMARK_KAFKA_MESSAGE_MAX_BYTES: '20000',
      TIDEMARK_KAFKA_OFFSETS_RETENTION_CHECK_INTERVAL_MS: '20',
      TIDEMARK_KAFKA_OFFSETS_RETENTION_MINUTES: '1',
    });
    const client = await running.connect();
    await client.createTopic('t');
    await client.ask(findCoordinatorApi, 0, { key: 'any', coordinatorKeys: [] });
    await until(() => coordinator().loaded);
  });
  afterEach(() => running.stop());

  const commit = (groupId: string, ...offsets: ReturnType<typeof committed>[]): Promise<ErrorCode> =>
    new Promise((resolve) => {
      coordinator().commit({ groupId, memberId: '', instanceId: null, generation: -1, offsets }, resolve);
    });
  const partitionsOf = (groupId: string): number[] => {
    const partition = coordinator().partitionOf(groupId);
    return typeof partition === 'number'
      ? []
      : [...(partition.recordsOf(groupId)?.offsets.get('t')?.keys() ?? [])];
  };

  it('forgets offsets when they are old, and groups with nothing left (G17)', async () => {
    const now = Date.now();
    await commit('old', committed(0, now - 61_000));
    await commit('both', committed(0, now - 61_000), committed(1, now));
    await until(() => partitionsOf('old').length === 0 && partitionsOf('both').length === 1);
    expect(partitionsOf('both')).toEqual([1]);
    await running.restart();
    await until(() => coordinator().loaded);
    expect([partitionsOf('old'), partitionsOf('both')]).toEqual([[], [1]]);
  });

  it('forgets nothing of a group that somebody is joining', async () => {
    const client = await running.connect();
    const joined = await client.ask(joinGroupApi, 5, {
      groupId: 'coming',
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 6000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('s') }],
    });
    expect(joined.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED);
    const old = Date.now() - 61_000;
    await commit('coming', committed(0, old));
    await commit('gone', committed(0, old));
    await until(() => partitionsOf('gone').length === 0);
    expect(partitionsOf('coming')).toEqual([0]);
  });

  it('refuses a commit that is larger than its topic allows, and that one only', async () => {
    const now = Date.now();
    const large = Array.from({ length: 10 }, (_, index) => committed(index, now, 'x'.repeat(4096)));
    const answers = await Promise.all([commit('g', ...large), commit('g', committed(1, now))]);
    expect(answers).toEqual([ErrorCode.INVALID_COMMIT_OFFSET_SIZE, ErrorCode.NONE]);
    expect(partitionsOf('g')).toEqual([1]);
  });

  it('forgets the offsets of a topic that is deleted', async () => {
    await commit('g', committed(0, Date.now()));
    const deletion = { type: 'DeleteTopics', topics: [{ name: 't', topicId: null }] } as const;
    running.broker.controller.submit(deletion, () => undefined);
    await until(() => partitionsOf('g').length === 0);
  });
});
