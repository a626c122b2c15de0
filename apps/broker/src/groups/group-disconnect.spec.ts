/** What a broken connection means for a member (group.disconnect.grace.ms): who is given the grace, and what ends it. */
import { ErrorCode } from '@tidemark/wire';
import { Story } from '../testing/group-story.js';
import { GroupConnections } from './group-connections.js';
import { restoredGroup, storedGroup } from './group-members.js';
import { admitCommit } from './group-session.js';

const { NONE, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID } = ErrorCode;

/** `m1` was last heard on connection 1, `m2` on connection 2. */
function twoMembers(rest: Parameters<typeof Story.stable>[1] = {}): Story {
  const story = Story.stable(2, rest);
  story.connectionId = 2;
  const instanceId = rest.instanceId === undefined ? null : `${rest.instanceId}2`;
  expect(story.heartbeat('m2', story.group.generation, instanceId)).toBe(NONE);
  story.connectionId = 1;
  return story;
}

describe('a member whose connection broke', () => {
  it('is out when the grace is over, and the others join again', () => {
    const story = twoMembers();
    story.disconnect(2);
    story.advance(499);
    expect([story.ids, story.group.phase]).toEqual([['m1', 'm2'], 'Stable']);
    story.advance(1);
    expect([story.ids, story.group.phase]).toEqual([['m1'], 'PreparingRebalance']);
    expect(story.heartbeat('m1')).toBe(REBALANCE_IN_PROGRESS);
    expect(story.heartbeat('m2')).toBe(UNKNOWN_MEMBER_ID);
  });

  it('is out too while it waits in a join', () => {
    const story = twoMembers();
    story.connectionId = 3;
    const waiting = story.join({ memberId: 'm2', subscription: 'new' });
    story.disconnect(3);
    story.advance(500);
    expect(story.joins.get(waiting)?.error).toBe(UNKNOWN_MEMBER_ID);
    expect(story.ids).toEqual(['m1']);
  });

  it('empties the group where it was the last', () => {
    const story = Story.stable(1);
    story.disconnect(1);
    story.advance(500);
    expect(story.group.phase).toBe('Empty');
  });

  it.each<[string, (story: Story) => unknown]>([
    ['heartbeat', (story) => story.heartbeat('m2')],
    ['heartbeat of an old generation', (story) => story.heartbeat('m2', 0)],
    ['join', (story) => story.join({ memberId: 'm2' })],
    ['sync', (story) => story.sync('m2')],
    [
      'commit',
      ({ group, nowMs }) => {
        const caller = { memberId: 'm2', instanceId: null, generation: group.generation };
        expect(admitCommit(group, caller, nowMs)).toBe(NONE);
      },
    ],
  ])('stays when a %s of its comes by another connection', (_, request) => {
    const story = twoMembers();
    story.disconnect(2);
    story.advance(499);
    story.connectionId = 7;
    request(story);
    story.advance(5000);
    expect(story.ids).toEqual(['m1', 'm2']);
  });

  it('comes back again and again through a proxy that resets', () => {
    const story = twoMembers();
    for (let connection = 10; connection < 200; connection++) {
      story.disconnect(connection - 1);
      story.advance(100);
      story.connectionId = connection;
      expect([story.heartbeat('m1'), story.heartbeat('m2')]).toEqual([NONE, NONE]);
    }
    expect([story.ids, story.group.generation]).toEqual([['m1', 'm2'], 1]);
  });

  it('is not asked about a connection that it has left', () => {
    const story = twoMembers();
    story.connectionId = 3;
    story.heartbeat('m2');
    story.disconnect(2);
    story.advance(5000);
    expect(story.ids).toEqual(['m1', 'm2']);
  });

  it.each<[string, () => Story]>([
    ['static', () => twoMembers({ instanceId: 'i' })],
    [
      'loaded from the log and not heard since',
      () => {
        const { group, nowMs } = twoMembers();
        return new Story({}, restoredGroup('g', storedGroup(group), nowMs));
      },
    ],
    [
      'left to its session by the settings',
      () => {
        const { group } = twoMembers();
        return new Story({ disconnectGraceMs: -1 }, group);
      },
    ],
  ])('has its whole session when it is %s', (_, make) => {
    const story = make();
    story.nowMs = 1000;
    for (const connection of [1, 2]) story.disconnect(connection);
    story.advance(5999);
    expect(story.ids).toEqual(['m1', 'm2']);
    story.advance(1);
    expect(story.ids).toEqual([]);
  });
});

describe('connections of a partition', () => {
  const setUp = () => {
    const broken: string[] = [];
    const listeners: ((byPeer: boolean) => void)[] = [];
    const connections = new GroupConnections((groupId, id) => broken.push(`${groupId}@${id}`));
    const caller = (connectionId: number) => ({
      connectionId,
      onClosed: (listener: (byPeer: boolean) => void) => void listeners.push(listener),
    });
    return { broken, listeners, connections, caller };
  };

  it('tell every group behind one that broke, by one listener', () => {
    const { broken, listeners, connections, caller } = setUp();
    for (let beat = 0; beat < 100; beat++) for (const group of ['a', 'b']) connections.seen(group, caller(1));
    connections.seen('a', caller(2));
    expect(listeners).toHaveLength(2);
    listeners[0]?.(true);
    expect(broken).toEqual(['a@1', 'b@1']);
  });

  it.each<[string, (connections: GroupConnections) => void, boolean]>([
    ['that we closed', () => undefined, false],
    ['of a group that is gone', (connections) => connections.forget('a'), true],
    ['of a partition that another broker leads now', (connections) => connections.clear(), true],
  ])('say nothing of one %s', (_, before, byPeer) => {
    const { broken, listeners, connections, caller } = setUp();
    connections.seen('a', caller(1));
    before(connections);
    listeners[0]?.(byPeer);
    expect(broken).toEqual([]);
  });
});
