/** Three brokers as one cluster: they join, share work, move leadership when one stops, and answer for each other. */
import {
  ErrorCode,
  alterPartitionReassignmentsApi,
  createTopicsApi,
  describeClusterApi,
  electLeadersApi,
  initProducerIdApi,
  listPartitionReassignmentsApi,
  metadataApi,
  unregisterBrokerApi,
} from '@tidemark/wire';
import type { PartitionImage } from './controller/metadata-image.js';
import { RunningCluster } from './testing/running-cluster.js';
import { until } from './testing/running-broker.js';

describe('three brokers', () => {
  let cluster: RunningCluster;
  beforeAll(async () => {
    cluster = await RunningCluster.start({ TIDEMARK_KAFKA_LEADER_IMBALANCE_CHECK_INTERVAL_MS: '200' });
  });
  afterAll(() => cluster.stop());

  const create = async (
    by: number,
    name: string,
    configs: Record<string, string> = {},
  ): Promise<number | undefined> => {
    const client = await cluster.connect(by);
    const topic = {
      name,
      numPartitions: 3,
      replicationFactor: 3,
      assignments: [],
      configs: Object.entries(configs).map(([config, value]) => ({ name: config, value })),
    };
    const { topics } = await client.ask(createTopicsApi, 7, { topics: [topic], timeoutMs: 5000 });
    return topics[0]?.errorCode;
  };
  const partitions = (by: number, name: string): readonly PartitionImage[] =>
    cluster.broker(by).controller.image.topics.get(name)?.partitions ?? [];
  const leaders = (by: number, name: string): number[] => partitions(by, name).map(({ leader }) => leader);
  const follower = (): number => [1, 2, 3].find((id) => id !== cluster.activeId) ?? -1;

  it('know each other, and who decides', async () => {
    for (const id of [1, 2, 3]) {
      const client = await cluster.connect(id);
      const answer = await client.ask(describeClusterApi, 2, { includeClusterAuthorizedOperations: false });
      expect(answer.controllerId).toBe(cluster.activeId);
      expect(answer.brokers.map(({ brokerId, isFenced }) => [brokerId, isFenced]).sort()).toEqual([
        [1, false],
        [2, false],
        [3, false],
      ]);
    }
  });

  it('make a topic whomever it is asked of, and spread its leaders', async () => {
    expect(await create(follower(), 'shared')).toBe(ErrorCode.NONE);
    await until(() => [1, 2, 3].every((id) => partitions(id, 'shared').length === 3));
    expect(new Set(leaders(1, 'shared')).size).toBe(3);
    const client = await cluster.connect(follower());
    const { topics } = await client.ask(metadataApi, 12, { topics: [{ name: 'shared' }] });
    expect(topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0]);
  });

  it('refuse a quorum topic with an even number of replicas', async () => {
    const client = await cluster.connect(follower());
    const configs = [{ name: 'replication.protocol', value: 'quorum' }];
    const topic = { name: 'even', numPartitions: 1, replicationFactor: 2, assignments: [], configs };
    const { topics } = await client.ask(createTopicsApi, 7, { topics: [topic], timeoutMs: 5000 });
    expect(topics[0]?.errorCode).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
    expect(topics[0]?.errorMessage).toMatch(/odd number/);
  });

  it('hand out producer ids that differ', async () => {
    const ids = new Set<number>();
    for (const id of [1, 2, 3]) {
      const client = await cluster.connect(id);
      const request = { transactionalId: null, transactionTimeoutMs: 0 };
      const answer = await client.ask(initProducerIdApi, 4, request);
      expect(answer.errorCode).toBe(ErrorCode.NONE);
      ids.add(answer.producerId);
    }
    expect(ids.size).toBe(3);
  });

  it.each(['primary-backup', 'quorum'])(
    'move the leaders of a %s topic when a broker stops, and back when it has come again',
    async (protocol) => {
      const name = `moving-${protocol}`;
      expect(await create(1, name, { 'replication.protocol': protocol })).toBe(ErrorCode.NONE);
      const stopped = follower();
      const other = [1, 2, 3].find((id) => id !== stopped) ?? -1;
      await until(() => leaders(other, name).includes(stopped));
      await cluster.stopBroker(stopped);
      await until(() => leaders(other, name).every((leader) => leader !== stopped && leader !== -1));
      await cluster.startBroker(stopped);
      await until(() => leaders(other, name).includes(stopped), 20_000);
      await until(() => partitions(other, name).every(({ isr }) => isr.length === 3), 20_000);
    },
  );

  it('go on when the one that decides stops', async () => {
    const stopped = cluster.activeId;
    const other = follower();
    await cluster.stopBroker(stopped);
    await until(() => cluster.activeId !== -1);
    expect(await create(other, 'after')).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
    await cluster.startBroker(stopped);
    await until(() => cluster.alive.length === 3);
    expect(await create(other, 'after')).toBe(ErrorCode.NONE);
  });

  it('elect, move and forget only what can be', async () => {
    const client = await cluster.connect(follower());
    const elected = await client.ask(electLeadersApi, 2, {
      electionType: 0,
      topicPartitions: [{ topic: 'nowhere', partitions: [0] }],
      timeoutMs: 1000,
    });
    expect(elected.replicaElectionResults[0]?.partitionResult[0]?.errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    const moved = await client.ask(alterPartitionReassignmentsApi, 0, {
      timeoutMs: 1000,
      topics: [{ name: 'shared', partitions: [{ partitionIndex: 0, replicas: [1, 2, 9] }] }],
    });
    expect(moved.responses[0]?.partitions[0]).toMatchObject({
      errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      errorMessage: expect.stringContaining('broker 9') as string,
    });
    const listed = await client.ask(listPartitionReassignmentsApi, 0, { timeoutMs: 1000, topics: null });
    expect(listed).toMatchObject({ errorCode: ErrorCode.NONE, topics: [] });
    const forgotten = await client.ask(unregisterBrokerApi, 0, { brokerId: 2 });
    expect(forgotten).toMatchObject({
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: expect.stringContaining('voter') as string,
    });
  });
});
