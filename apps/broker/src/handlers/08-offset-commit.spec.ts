/** OffsetCommit, OffsetFetch and OffsetDelete on the wire of a running broker, every version that is spoken. */
import {
  ErrorCode,
  findCoordinatorApi,
  joinGroupApi,
  offsetCommitApi,
  offsetDeleteApi,
  offsetFetchApi,
  syncGroupApi,
} from '@tidemark/wire';
import type { DecodedResponse } from '@tidemark/wire';
import { RunningBroker } from '../testing/running-broker.js';
import { NO_ID } from '../testing/raw-client.js';
import type { RawClient } from '../testing/raw-client.js';

type Fetched = DecodedResponse<typeof offsetFetchApi>;
const range = ({ min, max }: { min: number; max: number }): number[] =>
  Array.from({ length: max - min + 1 }, (_, index) => min + index);

describe('committed offsets on the wire', () => {
  let running: RunningBroker;
  let client: RawClient;
  let topicId: string;
  beforeAll(async () => {
    running = await RunningBroker.start({ TIDEMARK_KAFKA_NUM_PARTITIONS: '2' });
    client = await running.connect();
    topicId = await client.createTopic('t');
    await client.ask(findCoordinatorApi, 0, { key: 'any', coordinatorKeys: [] });
  });
  afterAll(() => running.stop());

  interface Commit {
    readonly generation?: number;
    readonly memberId?: string;
    readonly topic?: string;
    readonly partition?: number;
    readonly offset?: number;
    readonly metadata?: string | null;
  }

  const commit = async (
    version: number,
    groupId: string,
    given: Commit = {},
  ): Promise<ErrorCode | undefined> => {
    const { topics } = await client.ask(offsetCommitApi, version, {
      groupId,
      generationIdOrMemberEpoch: given.generation ?? -1,
      memberId: given.memberId ?? '',
      topics: [
        {
          name: given.topic ?? 't',
          topicId: given.topic === undefined ? topicId : '00000000-0000-4000-8000-000000000009',
          partitions: [
            {
              partitionIndex: given.partition ?? 0,
              committedOffset: given.offset ?? 7,
              committedLeaderEpoch: 3,
              committedMetadata: given.metadata === undefined ? 'note' : given.metadata,
            },
          ],
        },
      ],
    });
    return topics[0]?.partitions[0]?.errorCode as ErrorCode | undefined;
  };

  const fetch = (version: number, groupId: string, names: string[] | null): Promise<Fetched> => {
    const topics = names?.map((name) => {
      return { name, topicId: name === 't' ? topicId : NO_ID, partitionIndexes: [0, 1] };
    });
    return version >= 8
      ? client.ask(offsetFetchApi, version, {
          groupId: '',
          topics: [],
          groups: [{ groupId, topics: topics ?? null }],
        })
      : client.ask(offsetFetchApi, version, { groupId, topics: topics ?? null, groups: [] });
  };
  const topicsOf = (
    version: number,
    fetched: Fetched,
  ): { partitions: { committedOffset: number; metadata: string | null }[] }[] =>
    version >= 8 ? (fetched.groups[0]?.topics ?? []) : fetched.topics;

  it.each(range(offsetCommitApi.versions))(
    'commit version %i is fetched by every version',
    async (version) => {
      const groupId = `c${version}`;
      expect(await commit(version, groupId, { offset: 100 + version })).toBe(ErrorCode.NONE);
      for (const by of range(offsetFetchApi.versions)) {
        const [topic] = topicsOf(by, await fetch(by, groupId, ['t']));
        expect(topic?.partitions).toMatchObject([
          { partitionIndex: 0, committedOffset: 100 + version, metadata: 'note', errorCode: 0 },
          { partitionIndex: 1, committedOffset: -1, metadata: '', errorCode: 0 },
        ]);
        if (by < 2) continue;
        expect(topicsOf(by, await fetch(by, groupId, null))).toMatchObject([
          { partitions: [{ committedOffset: 100 + version }] },
        ]);
      }
    },
  );

  it('nothing stored is offset -1 and no error: for a group, a topic and a partition (G13)', async () => {
    for (const version of range(offsetFetchApi.versions).filter((by) => by < 10)) {
      const [topic] = topicsOf(version, await fetch(version, 'nobody', ['no-such-topic']));
      expect(topic?.partitions).toMatchObject([
        { committedOffset: -1, metadata: '', errorCode: 0 },
        { committedOffset: -1, metadata: '', errorCode: 0 },
      ]);
    }
    const byId = await fetch(10, 'nobody', ['no-such-topic']);
    expect(byId.groups[0]?.topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
  });

  it.each<[string, number, Commit, ErrorCode]>([
    ['an unknown topic', 9, { topic: 'x' }, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['an unknown topic id', 10, { topic: 'x' }, ErrorCode.UNKNOWN_TOPIC_ID],
    ['an unknown partition', 9, { partition: 2 }, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['metadata of 4097 bytes', 2, { metadata: 'x'.repeat(4097) }, ErrorCode.OFFSET_METADATA_TOO_LARGE],
    ['metadata of 4096 bytes', 2, { metadata: 'x'.repeat(4096) }, ErrorCode.NONE],
    ['no metadata', 2, { metadata: null }, ErrorCode.NONE],
    [
      'a generation of a group that is not there',
      8,
      { generation: 1, memberId: 'm' },
      ErrorCode.ILLEGAL_GENERATION,
    ],
    ['the same from version 9 on', 9, { generation: 1, memberId: 'm' }, ErrorCode.GROUP_ID_NOT_FOUND],
  ])('answers %s', async (name, version, given, error) => {
    expect(await commit(version, `answers ${name}`, given)).toBe(error);
  });

  it('of a group with members belong to its generation (G12), and cannot be deleted under it (G16)', async () => {
    const join = { groupId: 'live', sessionTimeoutMs: 6000, memberId: '', protocolType: 'consumer' };
    const subscription = Buffer.from('0000000000010001740000', 'hex');
    const joined = await client.ask(joinGroupApi, 3, {
      ...join,
      protocols: [{ name: 'range', metadata: subscription }],
    });
    const { memberId, generationId: generation } = joined;
    expect(await commit(7, 'live', { memberId, generation })).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const assignments = [{ memberId, assignment: Buffer.from('a') }];
    await client.ask(syncGroupApi, 3, { groupId: 'live', memberId, generationId: generation, assignments });
    expect(await commit(7, 'live', { memberId, generation })).toBe(ErrorCode.NONE);
    expect(await commit(7, 'live', { memberId, generation: 9 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(await commit(7, 'live', { memberId: 'stranger', generation })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(await commit(7, 'live')).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const request = { groupId: 'live', topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] };
    const deleted = await client.ask(offsetDeleteApi, 0, request);
    expect(deleted.topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC);
  });

  it('are deleted one by one, and what does not exist is named', async () => {
    await commit(9, 'gone', { partition: 0 });
    await commit(9, 'gone', { partition: 1 });
    const partitions = [{ partitionIndex: 0 }, { partitionIndex: 5 }];
    const deleted = await client.ask(offsetDeleteApi, 0, {
      groupId: 'gone',
      topics: [{ name: 't', partitions }],
    });
    expect(deleted).toMatchObject({
      errorCode: 0,
      topics: [{ partitions: [{ errorCode: 0 }, { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }] }],
    });
    const [topic] = topicsOf(7, await fetch(7, 'gone', ['t']));
    expect(topic?.partitions.map(({ committedOffset }) => committedOffset)).toEqual([-1, 7]);
    const unknown = await client.ask(offsetDeleteApi, 0, { groupId: 'never', topics: [] });
    expect(unknown.errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  });
});
