/** The registry: what it shows of brokers and groups, what watchers are told, and its HTTP. */
import { findCoordinatorApi, joinGroupApi, offsetCommitApi, syncGroupApi, ErrorCode } from '@tidemark/wire';
import type { RawClient } from '../testing/raw-client.js';
import { RunningBroker, until } from '../testing/running-broker.js';
import { registryQuestion } from './registry-http.js';
import { changesOf } from './registry.js';

describe('changes between two looks', () => {
  const before = new Map([
    ['/a', '1'],
    ['/a/b', '2'],
    ['/ab', '3'],
  ]);
  const after = new Map([
    ['/a', '1'],
    ['/a/c', '4'],
    ['/ab', '5'],
  ]);
  it.each<[string, string[]]>([
    ['/', ['removed /a/b 2', 'added /a/c 4', 'changed /ab 5']],
    ['/a', ['removed /a/b 2', 'added /a/c 4']],
    ['/a/c', ['added /a/c 4']],
    ['/b', []],
  ])('below %s', (root, told) => {
    const changes = changesOf(before, after, root);
    expect(changes.map(({ type, path, value }) => `${type} ${path} ${value}`)).toEqual(told);
  });
});

describe('the question of a URL', () => {
  it.each([
    ['/registry', { path: '/', watch: false }],
    ['/registry/', { path: '/', watch: false }],
    ['/registry/brokers/ids/?watch', { path: '/brokers/ids', watch: true }],
    ['/registry/consumers/a%2Fb?watch=1', { path: '/consumers/a%2Fb', watch: true }],
    ['/registry?watched', { path: '/', watch: false }],
    ['/registryx', undefined],
    ['//', undefined],
  ])('%s', (url, question) => {
    expect(registryQuestion(url)).toEqual(question);
  });
});

describe('the registry of a broker', () => {
  let running: RunningBroker;
  let client: RawClient;
  const ended: AbortController[] = [];
  beforeAll(async () => {
    running = await RunningBroker.start();
    client = await running.connect();
  });
  afterAll(async () => {
    for (const watch of ended) watch.abort();
    await running.stop();
  });

  const read = async (path: string): Promise<{ path: string; value: unknown }[]> =>
    (await (await fetch(`${running.admin}/registry${path}`)).json()) as { path: string; value: unknown }[];

  /** What a watcher has been told so far, as text. */
  const watch = async (path: string): Promise<string[]> => {
    const end = new AbortController();
    ended.push(end);
    const response = await fetch(`${running.admin}/registry${path}?watch`, { signal: end.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const told: string[] = [];
    void (async () => {
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        told.push(...events);
      }
    })().catch(() => undefined);
    return told;
  };

  const joinGroup = async (by: RawClient): Promise<string> => {
    await by.ask(findCoordinatorApi, 0, { key: 'g/1', coordinatorKeys: [] });
    const protocols = [{ name: 'range', metadata: bytesOf([0, 0], [0, 0, 0, 1, 0, 1, 0x74]) }];
    const request = { groupId: 'g/1', memberId: '', protocolType: 'consumer', protocols };
    let memberId = '';
    await until(async () => {
      const timeouts = { sessionTimeoutMs: 6000, rebalanceTimeoutMs: 6000 };
      const joined = await by.ask(joinGroupApi, 3, { ...request, ...timeouts });
      memberId = joined.memberId;
      return joined.errorCode === ErrorCode.NONE;
    });
    const assignment = bytesOf([0, 0], [0, 0, 0, 1, 0, 1, 0x74], [0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0]);
    const assignments = [{ memberId, assignment }];
    await by.ask(syncGroupApi, 2, { groupId: 'g/1', generationId: 1, memberId, assignments });
    return memberId;
  };

  it('shows brokers, topics and groups, and tells who comes and goes', async () => {
    await client.createTopic('t');
    expect(await read('/brokers/ids')).toMatchObject([
      { path: '/brokers/ids/1', value: { host: '127.0.0.1' } },
    ]);
    expect(await read('/brokers/topics/t/partitions')).toMatchObject([
      { path: '/brokers/topics/t/partitions/0/state', value: { leader: 1, isr: [1] } },
    ]);
    expect((await fetch(`${running.admin}/registry/nowhere`)).status).toBe(404);

    const told = await watch('/consumers/g%2F1');
    await until(() => told.length > 0);
    expect(told).toEqual(['event: current\ndata: {}']);

    const member = await running.connect();
    const memberId = await joinGroup(member);
    await until(() => told.some((event) => event.includes('/owners/t/0')));
    const topics = [
      { name: 't', partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: null }] },
    ];
    await member.ask(offsetCommitApi, 2, { groupId: 'g/1', memberId, generationIdOrMemberEpoch: 1, topics });
    await until(() => told.some((event) => event.includes('/offsets/t/0')));
    expect((await read('/consumers')).map(({ path }) => path)).toEqual([
      `/consumers/g%2F1/ids/${encodeURIComponent(memberId)}`,
      '/consumers/g%2F1/offsets/t/0',
      '/consumers/g%2F1/owners/t/0',
    ]);

    // Killed: it and what it owned are gone, its offset stays.
    member.close();
    await until(() => told.filter((event) => event.startsWith('event: removed')).length === 2);
    expect((await read('/consumers')).map(({ path, value }) => [path, value])).toEqual([
      ['/consumers/g%2F1/offsets/t/0', { offset: 7 }],
    ]);
  });

  it('lets only so many watch', async () => {
    const before = ended.length;
    for (let index = before; index < 64; index++) await watch('/controller');
    const refused = await fetch(`${running.admin}/registry/controller?watch`);
    expect(refused.status).toBe(503);
    await refused.body?.cancel();
  });
});

function bytesOf(...parts: number[][]): Uint8Array {
  return Uint8Array.from(parts.flat());
}
