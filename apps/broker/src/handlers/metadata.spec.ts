/**
 * The questions about a broker itself on the wire: ApiVersions, Metadata, ListOffsets, and what describes or moves
 * logs.
 */
import {
  ErrorCode,
  apiVersionsApi,
  buildBatch,
  deleteRecordsApi,
  describeClusterApi,
  describeLogDirsApi,
  describeTopicPartitionsApi,
  listOffsetsApi,
  metadataApi,
  offsetForLeaderEpochApi,
  produceApi,
} from '@tidemark/wire';
import { NO_ID, type RawClient } from '../testing/raw-client.js';
import { RunningBroker } from '../testing/running-broker.js';

describe('what a broker tells of itself', () => {
  let running: RunningBroker;
  let client: RawClient;
  let topicId: string;
  beforeAll(async () => {
    running = await RunningBroker.start({
      TIDEMARK_KAFKA_NUM_PARTITIONS: '3',
      TIDEMARK_KAFKA_AUTO_CREATE_TOPICS_EXCLUDE: 'platform.',
      TIDEMARK_KAFKA_LOG_RETENTION_MS: '-1',
    });
    client = await running.connect();
    topicId = await client.createTopic('t');
    for (const [index, timestamp] of [1000, 2000, 3000].entries()) {
      const records = buildBatch([{ key: null, value: Buffer.from(`${index}`) }], { timestamp });
      const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }];
      await client.ask(produceApi, 9, { acks: -1, timeoutMs: 1000, topicData });
    }
  });
  afterAll(() => running.stop());

  describe('ApiVersions', () => {
    it.each([0, 1, 2, 3, 4])('lists what is served in version %i', async (version) => {
      const named = { clientSoftwareName: 'spec', clientSoftwareVersion: '1.0' };
      const { errorCode, apiKeys } = await client.ask(apiVersionsApi, version, named);
      expect(errorCode).toBe(ErrorCode.NONE);
      const range = (key: number) => apiKeys.find(({ apiKey }) => apiKey === key);
      expect(range(0)).toEqual({ apiKey: 0, minVersion: 0, maxVersion: 13 });
      expect(range(1)).toEqual({ apiKey: 1, minVersion: 4, maxVersion: 18 });
      expect(range(18)).toEqual({ apiKey: 18, minVersion: 0, maxVersion: 4 });
      expect(apiKeys.map(({ apiKey }) => apiKey)).toEqual(
        apiKeys.map(({ apiKey }) => apiKey).sort((a, b) => a - b),
      );
    });

    it.each(['', '-x', 'x-', 'a b', 'ä'])(
      'does not take %p for the name of a software',
      async (clientSoftwareName) => {
        const request = { clientSoftwareName, clientSoftwareVersion: '1.0' };
        expect((await client.ask(apiVersionsApi, 3, request)).errorCode).toBe(ErrorCode.INVALID_REQUEST);
      },
    );
  });

  describe('Metadata', () => {
    it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])('is served in version %i', async (version) => {
      const answer = await client.ask(metadataApi, version, { topics: [{ name: 't', topicId: NO_ID }] });
      const { host, port } = running.addresses.kafka;
      expect(answer.brokers).toMatchObject([{ nodeId: 1, host, port }]);
      expect(answer.topics).toMatchObject([{ errorCode: 0, name: 't', isInternal: false }]);
      expect(answer.topics[0]?.partitions).toHaveLength(3);
      if (version >= 1) expect(answer.controllerId).toBe(1);
      if (version >= 2) expect(answer.clusterId).toBe('spec-cluster');
      if (version >= 7) expect(answer.topics[0]?.partitions[0]?.leaderEpoch).toBeGreaterThanOrEqual(0);
      if (version >= 10) expect(answer.topics[0]?.topicId).toBe(topicId);
    });

    it('tells all topics, or none, as asked', async () => {
      const names = async (version: number, topics: { name: string }[] | null) =>
        (await client.ask(metadataApi, version, { topics })).topics.map(({ name }) => name);
      expect(await names(0, [])).toEqual(['t']);
      expect(await names(1, [])).toEqual([]);
      expect(await names(4, null)).toEqual(['t']);
      expect(await names(9, null)).toEqual(['t']);
    });

    it('answers once for each topic asked for', async () => {
      const { topics } = await client.ask(metadataApi, 12, {
        allowAutoTopicCreation: false,
        topics: [
          { name: 'unknown', topicId: NO_ID },
          { name: 'bad name', topicId: NO_ID },
          { name: null, topicId: '00000000-0000-4000-8000-000000000009' },
          { name: null, topicId },
        ],
      });
      expect(topics.map(({ errorCode }) => errorCode)).toEqual([
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.INVALID_TOPIC_EXCEPTION,
        ErrorCode.UNKNOWN_TOPIC_ID,
        ErrorCode.NONE,
      ]);
      expect(topics.map(({ name }) => name)).toEqual(['unknown', 'bad name', null, 't']);
    });

    it('creates a topic that is asked for, where that is wanted', async () => {
      const ask = async (version: number, name: string, allowAutoTopicCreation: boolean) =>
        (await client.ask(metadataApi, version, { topics: [{ name }], allowAutoTopicCreation })).topics[0]
          ?.errorCode;
      expect(await ask(4, 'wanted', true)).toBe(ErrorCode.LEADER_NOT_AVAILABLE);
      await client.createTopic('wanted');
      expect(await ask(4, 'not.wanted', false)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      expect(await ask(3, 'always', false)).toBe(ErrorCode.LEADER_NOT_AVAILABLE);
      expect(await ask(4, 'platform.commands', true)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      for (const illegal of ['.', '..', 'a/b', '%2e', 'x'.repeat(250), '']) {
        expect(await ask(4, illegal, true)).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
      }
    });

    it('fills permitted operations only when asked', async () => {
      const quiet = await client.ask(metadataApi, 8, { topics: [{ name: 't' }] });
      expect([quiet.clusterAuthorizedOperations, quiet.topics[0]?.topicAuthorizedOperations]).toEqual([
        -2147483648, -2147483648,
      ]);
      const all = { includeClusterAuthorizedOperations: true, includeTopicAuthorizedOperations: true };
      const told = await client.ask(metadataApi, 8, { topics: [{ name: 't' }], ...all });
      expect(told.clusterAuthorizedOperations).toBeGreaterThan(0);
      expect(told.topics[0]?.topicAuthorizedOperations).toBe(0b110111111000);
    });
  });

  describe('ListOffsets', () => {
    const ask = async (
      timestamp: number,
      version = 7,
      more: { currentLeaderEpoch?: number; partitionIndex?: number } = {},
    ) => {
      const partitions = [{ partitionIndex: 0, timestamp, ...more }];
      const { topics } = await client.ask(listOffsetsApi, version, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: 't', partitions }],
      });
      const [answer] = topics[0]?.partitions ?? [];
      return answer;
    };

    it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])('is served in version %i', async (version) => {
      expect(await ask(-1, version)).toMatchObject({ errorCode: 0, offset: 3, timestamp: -1 });
      expect(await ask(-2, version)).toMatchObject({ errorCode: 0, offset: 0, timestamp: -1 });
      expect(await ask(1500, version)).toMatchObject({ errorCode: 0, offset: 1, timestamp: 2000 });
      expect(await ask(0, version)).toMatchObject({ errorCode: 0, offset: 0, timestamp: 1000 });
      expect(await ask(3001, version)).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 });
    });

    it.each([
      { timestamp: -3, since: 7, offset: 2 },
      { timestamp: -4, since: 8, offset: 0 },
      { timestamp: -5, since: 9, offset: -1 },
      { timestamp: -6, since: 11, offset: -1 },
    ])('knows $timestamp from version $since on', async ({ timestamp, since, offset }) => {
      expect(await ask(timestamp, since)).toMatchObject({ errorCode: 0, offset });
      expect(await ask(timestamp, since - 1)).toMatchObject({ errorCode: ErrorCode.UNSUPPORTED_VERSION });
    });

    it('checks what is asked', async () => {
      expect(await ask(-7, 11)).toMatchObject({ errorCode: ErrorCode.UNSUPPORTED_VERSION });
      expect(await ask(-1, 7, { currentLeaderEpoch: 9 })).toMatchObject({
        errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH,
      });
      expect(await ask(-1, 7, { partitionIndex: 9 })).toMatchObject({
        errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      });
      const partitions = [-1, -2].map((timestamp) => ({ partitionIndex: 0, timestamp }));
      const { topics } = await client.ask(listOffsetsApi, 7, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: 't', partitions }],
      });
      expect(topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
        ErrorCode.INVALID_REQUEST,
        ErrorCode.INVALID_REQUEST,
      ]);
    });
  });

  it('DescribeCluster knows brokers and no controllers of their own', async () => {
    for (const version of [0, 1, 2]) {
      const answer = await client.ask(describeClusterApi, version, {
        endpointType: 1,
        includeClusterAuthorizedOperations: false,
      });
      expect(answer).toMatchObject({ errorCode: 0, clusterId: 'spec-cluster', controllerId: 1 });
      expect(answer.brokers).toMatchObject([
        { brokerId: 1, port: running.addresses.kafka.port, isFenced: false },
      ]);
    }
    const endpoint = async (endpointType: number) =>
      (await client.ask(describeClusterApi, 1, { endpointType, includeClusterAuthorizedOperations: false }))
        .errorCode;
    expect(await endpoint(2)).toBe(ErrorCode.MISMATCHED_ENDPOINT_TYPE);
    expect(await endpoint(3)).toBe(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE);
  });

  it('DescribeTopicPartitions turns pages', async () => {
    const page = (cursor: { topicName: string; partitionIndex: number } | null) =>
      client.ask(describeTopicPartitionsApi, 0, {
        topics: [{ name: 'zzz' }, { name: 't' }],
        responsePartitionLimit: 2,
        cursor,
      });
    const first = await page(null);
    expect(first.topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([['t', 2]]);
    expect(first.nextCursor).toEqual({ topicName: 't', partitionIndex: 2 });
    expect(first.topics[0]?.partitions[0]).toMatchObject({ eligibleLeaderReplicas: [], lastKnownElr: [] });
    const second = await page(first.nextCursor);
    expect(second.topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['t', ErrorCode.NONE],
      ['zzz', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ]);
    expect(second.topics[0]?.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([2]);
    expect(second.nextCursor).toBeNull();
    for (const cursor of [
      { topicName: 'other', partitionIndex: 0 },
      { topicName: 't', partitionIndex: -1 },
    ]) {
      const { topics } = await page(cursor);
      expect(topics.map(({ errorCode }) => errorCode)).toEqual([
        ErrorCode.INVALID_REQUEST,
        ErrorCode.INVALID_REQUEST,
      ]);
    }
  });

  it('DescribeLogDirs tells sizes', async () => {
    for (const version of [1, 2, 3, 4]) {
      const { results } = await client.ask(describeLogDirsApi, version, {
        topics: [{ topic: 't', partitions: [0] }],
      });
      expect(results[0]?.topics[0]?.partitions[0]?.partitionSize).toBeGreaterThan(200);
      expect(results[0]?.topics[0]?.partitions).toHaveLength(1);
    }
    const { results } = await client.ask(describeLogDirsApi, 4, { topics: null });
    expect(results[0]?.topics.find(({ name }) => name === 't')?.partitions).toHaveLength(3);
  });

  it('OffsetForLeaderEpoch tells where an epoch ends', async () => {
    const ask = async (leaderEpoch: number, currentLeaderEpoch = -1) => {
      const topics = [{ topic: 't', partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }];
      return (await client.ask(offsetForLeaderEpochApi, 2, { topics })).topics[0]?.partitions[0];
    };
    expect(await ask(0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 3 });
    expect(await ask(9)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 });
    expect(await ask(0, 9)).toMatchObject({ errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH });
  });

  it('DeleteRecords moves the start of the log', async () => {
    const ask = async (offset: number, partitionIndex = 0) => {
      const topics = [{ name: 't', partitions: [{ partitionIndex, offset }] }];
      return (await client.ask(deleteRecordsApi, 2, { topics, timeoutMs: 1000 })).topics[0]?.partitions[0];
    };
    expect(await ask(4)).toMatchObject({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
    expect(await ask(-2)).toMatchObject({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
    expect(await ask(0, 9)).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
    expect(await ask(2)).toMatchObject({ errorCode: ErrorCode.NONE, lowWatermark: 2 });
    expect(await ask(1)).toMatchObject({ errorCode: ErrorCode.NONE, lowWatermark: 2 });
    expect(await ask(-1)).toMatchObject({ errorCode: ErrorCode.NONE, lowWatermark: 3 });
  });
});
