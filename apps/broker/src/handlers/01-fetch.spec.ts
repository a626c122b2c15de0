/** Fetch on the wire of a running broker: every version, its limits, its waits and its errors. */
import { ErrorCode, buildBatch, fetchApi, metadataApi, produceApi, readRecords } from '@tidemark/wire';
import type { FetchRequest } from '@tidemark/wire';
import { correlationIdOf, requestFrame } from '../testing/kafka-frames.js';
import { NO_ID, type RawClient } from '../testing/raw-client.js';
import { RunningBroker } from '../testing/running-broker.js';

type Options = Partial<
  Pick<FetchRequest, 'maxWaitMs' | 'minBytes' | 'maxBytes' | 'isolationLevel' | 'sessionId'>
> &
  Partial<FetchRequest['topics'][number]['partitions'][number]> & {
    sessionEpoch?: number;
    replicaId?: number;
    topic?: string;
    topicId?: string;
  };

describe('Fetch', () => {
  let running: RunningBroker;
  let client: RawClient;
  const ids = new Map<string, string>();
  beforeAll(async () => {
    running = await RunningBroker.start();
    client = await running.connect();
    for (const topic of ['t', 'empty', 'live', 'big']) ids.set(topic, await client.createTopic(topic));
    for (let i = 0; i < 10; i++) await produce('t', [`a${i}`, `b${i}`]);
    for (let i = 0; i < 3; i++) await produce('big', ['x'.repeat(10_000)]);
  });
  afterAll(() => running.stop());

  async function produce(topic: string, texts: readonly string[], by: RawClient = client): Promise<void> {
    const records = buildBatch(
      texts.map((text) => ({ key: null, value: Buffer.from(text) })),
      { timestamp: Date.now() },
    );
    const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
    const { responses } = await by.ask(produceApi, 9, { acks: -1, timeoutMs: 1000, topicData });
    expect(responses[0]?.partitionResponses[0]?.errorCode).toBe(ErrorCode.NONE);
  }

  const requestOf = (options: Options) => {
    const { topic = 't', fetchOffset = 0, partitionMaxBytes = 1_000_000 } = options;
    const partition = { partition: 0, ...options, fetchOffset, partitionMaxBytes };
    return {
      maxWaitMs: options.maxWaitMs ?? 0,
      minBytes: options.minBytes ?? 1,
      maxBytes: options.maxBytes ?? 10_000_000,
      isolationLevel: options.isolationLevel ?? 0,
      sessionId: options.sessionId ?? 0,
      sessionEpoch: options.sessionEpoch ?? -1,
      replicaId: options.replicaId ?? -1,
      topics: [{ topic, topicId: options.topicId ?? ids.get(topic) ?? NO_ID, partitions: [partition] }],
    };
  };
  const fetchAll = (options: Options, version = 11, by = client) =>
    by.ask(fetchApi, version, requestOf(options));
  const fetchOne = async (options: Options, version = 11, by = client) => {
    const [answer] = (await fetchAll(options, version, by)).responses[0]?.partitions ?? [];
    if (answer === undefined) throw new Error('no answer for the partition');
    const records = [...readRecords(answer.records ?? new Uint8Array(0))];
    return { ...answer, texts: records.map(({ value }) => Buffer.from(value ?? []).toString()), records };
  };

  it.each([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18])(
    'is served in version %i',
    async (version) => {
      const answer = await fetchOne({ fetchOffset: 4, partitionMaxBytes: 1 }, version);
      expect(answer.texts).toEqual(['a2', 'b2']);
      expect(answer).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 20, lastStableOffset: 20 });
      if (version >= 5) expect(answer.logStartOffset).toBe(0);
    },
  );

  it('gives whole batches, the first of which may begin before the offset asked for', async () => {
    const { texts, records } = await fetchOne({ fetchOffset: 17 });
    expect(texts).toEqual(['a8', 'b8', 'a9', 'b9']);
    expect(records.map(({ offset }) => offset)).toEqual([16, 17, 18, 19]);
  });

  it.each([
    { partitionMaxBytes: 1, maxBytes: 1_000_000, batches: 1 },
    { partitionMaxBytes: 1_000_000, maxBytes: 1, batches: 1 },
    { partitionMaxBytes: 25_000, maxBytes: 1_000_000, batches: 2 },
    { partitionMaxBytes: 1_000_000, maxBytes: 25_000, batches: 2 },
    { partitionMaxBytes: 1_000_000, maxBytes: 1_000_000, batches: 3 },
  ])('keeps to $partitionMaxBytes and $maxBytes bytes', async ({ batches, ...limits }) => {
    expect((await fetchOne({ topic: 'big', ...limits })).texts).toHaveLength(batches);
  });

  it('serves only what fits after the first partition with records', async () => {
    const one = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 };
    const { responses } = await client.ask(fetchApi, 11, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1,
      topics: ['empty', 'big', 't'].map((topic) => ({ topic, partitions: [one] })),
    });
    const lengths = responses.map(({ partitions }) => partitions[0]?.records?.length ?? -1);
    expect(lengths[0]).toBe(0);
    expect(lengths[1]).toBeGreaterThan(10_000);
    expect(lengths[2]).toBe(0);
  });

  it.each([
    { name: 'beyond the end', options: { fetchOffset: 21 }, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE },
    { name: 'below the start', options: { fetchOffset: -1 }, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE },
    { name: 'unknown topic', options: { topic: 'no' }, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    { name: 'unknown partition', options: { partition: 5 }, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    { name: 'an old epoch', options: { currentLeaderEpoch: -2 }, errorCode: ErrorCode.FENCED_LEADER_EPOCH },
    {
      name: 'an epoch to come',
      options: { currentLeaderEpoch: 99 },
      errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH,
    },
    { name: 'a follower', options: { replicaId: 2 }, errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED },
  ])('answers $name at once', async ({ options, errorCode }) => {
    const answer = await fetchOne({ ...options, maxWaitMs: 60_000, minBytes: 1 });
    expect(answer.errorCode).toBe(errorCode);
    expect(answer.records).toHaveLength(0);
  });

  it('answers an unknown topic id', async () => {
    const topicId = '00000000-0000-4000-8000-000000000009';
    expect((await fetchOne({ topicId }, 13)).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
  });

  it('tells where the log of an epoch ends', async () => {
    const { leaderEpoch } =
      (await client.ask(metadataApi, 12, { topics: [{ name: 't' }] })).topics[0]?.partitions[0] ?? {};
    const answer = await fetchOne({ fetchOffset: 4, lastFetchedEpoch: leaderEpoch ?? -1 }, 12);
    expect(answer.texts.length).toBeGreaterThan(0);
    expect(answer.divergingEpoch.epoch).toBe(-1);
  });

  it('declines sessions, and knows none', async () => {
    expect(await fetchAll({ sessionEpoch: 0 })).toMatchObject({ errorCode: 0, sessionId: 0 });
    const unknown = await fetchAll({ sessionId: 42, sessionEpoch: 3 });
    expect(unknown).toMatchObject({ errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] });
  });

  it('answers empty records, never null, and no aborted transactions', async () => {
    const answer = (await fetchAll({ topic: 'empty' })).responses[0]?.partitions[0];
    expect(answer?.records).toHaveLength(0);
    expect(answer?.abortedTransactions).toBeNull();
    const committed = (await fetchAll({ isolationLevel: 1 })).responses[0]?.partitions[0];
    expect(committed?.abortedTransactions).toEqual([]);
    expect(committed?.records?.length).toBeGreaterThan(0);
  });

  it('waits for records, and answers in the turn that wrote them', async () => {
    const reader = await running.connect();
    const waiting = fetchOne({ topic: 'live', maxWaitMs: 60_000 }, 11, reader);
    await produce('live', ['now']);
    expect((await waiting).texts).toEqual(['now']);
  });

  it('waits until there are as many bytes as asked for', async () => {
    const reader = await running.connect();
    const { highWatermark } = await fetchOne({ topic: 'live' });
    const options = { topic: 'live', maxWaitMs: 60_000, minBytes: 25_000, fetchOffset: highWatermark };
    const waiting = fetchOne(options, 11, reader);
    for (const text of ['1', '2', '3']) await produce('live', [text.repeat(10_000)]);
    expect((await waiting).texts.map(([first]) => first)).toEqual(['1', '2', '3']);
  });

  it('gives up waiting when its time is over', async () => {
    const started = performance.now();
    expect((await fetchOne({ topic: 'empty', maxWaitMs: 150 })).texts).toEqual([]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(149);
  });

  it('holds back what its connection asks after it', async () => {
    const other = await running.connect();
    const long = { ...requestOf({ topic: 'empty', maxWaitMs: 200 }) };
    const started = performance.now();
    other.send(requestFrame(fetchApi, { version: 11, correlationId: 1 }, long));
    other.send(requestFrame(metadataApi, { version: 4, correlationId: 2 }, { topics: [] }));
    expect(correlationIdOf(await other.nextFrame())).toBe(1);
    expect(correlationIdOf(await other.nextFrame())).toBe(2);
    expect(performance.now() - started).toBeGreaterThanOrEqual(199);
  });

  it('reads from disk what memory does not hold any more', async () => {
    await running.restart();
    client = await running.connect();
    expect((await fetchOne({})).texts).toHaveLength(20);
  });
});
