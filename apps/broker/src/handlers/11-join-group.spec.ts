/** The group protocol on the wire of a running broker: join, sync, heartbeat, leave, describe, every version. */
import {
  ErrorCode,
  describeGroupsApi,
  findCoordinatorApi,
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  listGroupsApi,
  syncGroupApi,
} from '@tidemark/wire';
import type { DecodedResponse } from '@tidemark/wire';
import { RunningBroker, until } from '../testing/running-broker.js';
import type { RawClient } from '../testing/raw-client.js';

const { NONE } = ErrorCode;

type Joined = DecodedResponse<typeof joinGroupApi>;

const VERSIONS = Array.from({ length: joinGroupApi.versions.max + 1 }, (_, version) => version);

describe('the group protocol on the wire', () => {
  let running: RunningBroker;
  let client: RawClient;
  beforeAll(async () => {
    running = await RunningBroker.start();
    client = await running.connect();
    await client.ask(findCoordinatorApi, 0, { key: 'any', coordinatorKeys: [] });
    await until(async () => (await heartbeat('nobody', 'm', 1)) === ErrorCode.UNKNOWN_MEMBER_ID);
  });
  afterAll(() => running.stop());

  const join = (
    version: number,
    groupId: string,
    rest: {
      memberId?: string;
      groupInstanceId?: string | null;
      sessionTimeoutMs?: number;
      protocols?: { name: string; metadata: Uint8Array }[];
      client?: RawClient;
    } = {},
  ): Promise<Joined> => {
    const { client: by = client, ...given } = rest;
    return by.ask(joinGroupApi, version, {
      groupId,
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('s') }],
      ...given,
    });
  };

  const heartbeat = async (groupId: string, memberId: string, generationId: number): Promise<ErrorCode> => {
    const request = { groupId, memberId, generationId };
    return (await client.ask(heartbeatApi, 4, request)).errorCode as ErrorCode;
  };

  const settle = async (groupId: string, joined: Joined): Promise<void> => {
    const assignments = [{ memberId: joined.memberId, assignment: Buffer.from('mine') }];
    const request = { groupId, generationId: joined.generationId, memberId: joined.memberId, assignments };
    const synced = await client.ask(syncGroupApi, 5, request);
    expect(synced).toMatchObject({ errorCode: 0, protocolType: 'consumer', protocolName: 'range' });
    expect(Buffer.from(synced.assignment).toString()).toBe('mine');
  };

  it.each(VERSIONS)('version %i: join, sync, beat, leave', async (version) => {
    const groupId = `g${version}`;
    let joined = await join(version, groupId);
    if (version >= 4) {
      expect(joined).toMatchObject({ errorCode: ErrorCode.MEMBER_ID_REQUIRED, generationId: -1 });
      joined = await join(version, groupId, { memberId: joined.memberId });
    }
    expect(joined).toMatchObject({
      errorCode: 0,
      generationId: 1,
      protocolName: 'range',
      leader: joined.memberId,
    });
    expect(joined.protocolType).toBe(version >= 7 ? 'consumer' : null);
    expect(joined.memberId).toMatch(/^spec-[0-9a-f-]{36}$|^-[0-9a-f-]{36}$/);
    await settle(groupId, joined);
    expect(await heartbeat(groupId, joined.memberId, 1)).toBe(0);
    expect(await heartbeat(groupId, joined.memberId, 2)).toBe(ErrorCode.ILLEGAL_GENERATION);
    const { memberId } = joined;
    const left = await client.ask(leaveGroupApi, Math.min(version, 5), {
      groupId,
      memberId,
      members: [{ memberId }],
    });
    expect(left.errorCode).toBe(0);
    if (version >= 3) expect(left.members).toMatchObject([{ memberId, errorCode: 0 }]);
    expect(await heartbeat(groupId, memberId, 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it.each<[string, Promise<Joined> | (() => Promise<Joined>), ErrorCode]>([
    ['an empty group id', () => join(5, ''), ErrorCode.INVALID_GROUP_ID],
    ['a short session', () => join(5, 'x', { sessionTimeoutMs: 5999 }), ErrorCode.INVALID_SESSION_TIMEOUT],
    [
      'a long session',
      () => join(5, 'x', { sessionTimeoutMs: 1_800_001 }),
      ErrorCode.INVALID_SESSION_TIMEOUT,
    ],
    [
      'more of a member than a record could hold',
      () => join(5, 'x', { protocols: [{ name: 'range', metadata: Buffer.alloc(2_000_000) }] }),
      ErrorCode.INVALID_REQUEST,
    ],
    ['an id that nobody gave', () => join(5, 'x', { memberId: 'me' }), ErrorCode.UNKNOWN_MEMBER_ID],
  ])('refuses %s', async (_, ask, error) => {
    const joined = await (typeof ask === 'function' ? ask() : ask);
    expect(joined).toMatchObject({ errorCode: error, generationId: -1, protocolName: '', members: [] });
    const { groups } = await client.ask(listGroupsApi, 4, {});
    expect(groups.map(({ groupId }) => groupId)).not.toContain('x');
  });

  it('a failed join has no protocol name from version 7 on, and an empty one before', async () => {
    expect((await join(6, 'x', { memberId: 'me' })).protocolName).toBe('');
    expect((await join(7, 'x', { memberId: 'me' })).protocolName).toBeNull();
  });

  it('two members: the leader sees both, a leaving one makes the other join again', async () => {
    const other = await running.connect();
    const one = await join(3, 'pair');
    await settle('pair', one);
    const twoComes = join(3, 'pair', { client: other });
    await until(async () => (await heartbeat('pair', one.memberId, 1)) === ErrorCode.REBALANCE_IN_PROGRESS);
    const again = await join(3, 'pair', { memberId: one.memberId });
    const two = await twoComes;
    expect(again).toMatchObject({ generationId: 2, leader: one.memberId });
    expect(again.members.map(({ memberId }) => memberId).sort()).toEqual([one.memberId, two.memberId].sort());
    expect(two).toMatchObject({ generationId: 2, leader: one.memberId, members: [] });
    await client.ask(leaveGroupApi, 0, { groupId: 'pair', memberId: one.memberId });
    const request = { groupId: 'pair', generationId: 2, memberId: two.memberId, assignments: [] };
    expect((await other.ask(syncGroupApi, 0, request)).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });

  it('a member that is silent for its session is taken out', async () => {
    const joined = await join(3, 'silent');
    await settle('silent', joined);
    const describe = async (): Promise<string | undefined> =>
      (await client.ask(describeGroupsApi, 5, { groups: ['silent'] })).groups[0]?.groupState;
    expect(await describe()).toBe('Stable');
    await until(async () => (await describe()) === 'Empty', 9000);
  }, 15_000);

  it('describes and lists groups (G14, G15)', async () => {
    const joined = await join(5, 'seen', { groupInstanceId: 'i' });
    await settle('seen', joined);
    for (const version of [0, 3, 4, 5, 6]) {
      const request = { groups: ['seen', 'unseen'], includeAuthorizedOperations: version > 4 };
      const { groups } = await client.ask(describeGroupsApi, version, request);
      expect(groups[0]).toMatchObject({
        errorCode: 0,
        groupId: 'seen',
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        members: [
          { memberId: joined.memberId, clientHost: '/127.0.0.1', groupInstanceId: version >= 4 ? 'i' : null },
        ],
      });
      expect(Buffer.from(groups[0]!.members[0]!.memberAssignment).toString()).toBe('mine');
      expect(groups[0]!.authorizedOperations === -2147483648).toBe(version <= 4);
      expect(groups[1]).toMatchObject({
        errorCode: version >= 6 ? ErrorCode.GROUP_ID_NOT_FOUND : 0,
        groupState: 'Dead',
      });
    }
    const listed = async (statesFilter: string[], typesFilter: string[]): Promise<string[]> =>
      (await client.ask(listGroupsApi, 5, { statesFilter, typesFilter })).groups.map(
        ({ groupId }) => groupId,
      );
    expect(await listed([], [])).toContain('seen');
    expect(await listed(['sTABLE'], ['Classic'])).toContain('seen');
    expect(await listed(['Empty'], [])).not.toContain('seen');
    expect(await listed([], ['consumer'])).toEqual([]);
  });
});

describe('a coordinator that stops', () => {
  it('sends whoever waits to look for another one', async () => {
    const running = await RunningBroker.start({ TIDEMARK_KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '60000' });
    const client = await running.connect();
    try {
      await client.ask(findCoordinatorApi, 0, { key: 'any', coordinatorKeys: [] });
      const waiting = client.ask(joinGroupApi, 3, {
        groupId: 'g',
        sessionTimeoutMs: 6000,
        rebalanceTimeoutMs: 60_000,
        memberId: '',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.from('s') }],
      });
      const other = await running.connect();
      await until(async () => (await other.ask(listGroupsApi, 4, {})).groups.length === 1);
      await Promise.all([
        running.broker.stop(),
        waiting.then(({ errorCode }) => expect(errorCode).toBe(ErrorCode.NOT_COORDINATOR)),
      ]);
    } finally {
      await running.restart();
      await running.stop();
    }
  });
});

describe('the end of a connection', () => {
  let running: RunningBroker;
  afterEach(() => running.stop());

  /** A stable group of two, each by a connection of its own. */
  const twoMembers = async (): Promise<{
    clients: RawClient[];
    beat: (index: 0 | 1) => Promise<ErrorCode>;
  }> => {
    const clients = [await running.connect(), await running.connect()];
    await clients[0]?.ask(findCoordinatorApi, 0, { key: 'g', coordinatorKeys: [] });
    const join = async (index: number, memberId: string): Promise<Joined> => {
      const protocols = [{ name: 'range', metadata: Buffer.from('s') }];
      const request = { groupId: 'g', memberId, protocolType: 'consumer', protocols };
      const client = clients[index];
      if (client === undefined) throw new Error(`no client ${index}`);
      // Version 3: one trip, whoever comes.
      return client.ask(joinGroupApi, 3, { ...request, sessionTimeoutMs: 6000, rebalanceTimeoutMs: 10_000 });
    };
    let first: Joined | undefined;
    await until(async () => (first = await join(0, '')).errorCode === NONE);
    const second = join(1, '');
    const beatOf = async (index: number, { memberId, generationId }: Joined): Promise<ErrorCode> => {
      const answer = await clients[index]?.ask(heartbeatApi, 3, { groupId: 'g', memberId, generationId });
      return (answer?.errorCode ?? -1) as ErrorCode;
    };
    const one = first;
    if (one === undefined) throw new Error('nobody joined');
    await until(async () => (await beatOf(0, one)) === ErrorCode.REBALANCE_IN_PROGRESS);
    const joined = [await join(0, one.memberId), await second] as const;
    const assignments = joined.map(({ memberId }) => ({ memberId, assignment: Buffer.from(memberId) }));
    for (const [index, { memberId, generationId, leader }] of joined.entries()) {
      if (memberId !== leader) continue;
      await clients[index]?.ask(syncGroupApi, 2, { groupId: 'g', generationId, memberId, assignments });
    }
    const beat = (index: 0 | 1): Promise<ErrorCode> => beatOf(index, joined[index]);
    expect([await beat(0), await beat(1)]).toEqual([NONE, NONE]);
    return { clients, beat };
  };

  it('costs a killed member its place within a second', async () => {
    running = await RunningBroker.start();
    const { clients, beat } = await twoMembers();
    clients[1]?.close();
    const killedAt = performance.now();
    await until(async () => (await beat(0)) === ErrorCode.REBALANCE_IN_PROGRESS);
    const tookMs = performance.now() - killedAt;
    expect(tookMs).toBeGreaterThan(400);
    // The grace is 500 ms; the rest is for a busy machine, and far from the session of 6 s.
    expect(tookMs).toBeLessThan(3000);
  });

  it('costs nobody anything where the broker closed it for idleness', async () => {
    running = await RunningBroker.start({
      TIDEMARK_KAFKA_GROUP_DISCONNECT_GRACE_MS: '0',
      TIDEMARK_KAFKA_CONNECTIONS_MAX_IDLE_MS: '300',
    });
    const { clients, beat } = await twoMembers();
    let closed = false;
    void clients[1]?.closed.then(() => (closed = true));
    await until(async () => {
      expect(await beat(0)).toBe(NONE);
      return closed;
    });
    for (let again = 0; again < 20; again++) expect(await beat(0)).toBe(NONE);
  });
});
