/** A rebalance from gathering over the choice of a protocol to the assignments (G5, G6, G8), with members that fail. */
import { ErrorCode } from '@tidemark/wire';
import { Story, bytes, text } from '../testing/group-story.js';
import type { SyncRest } from '../testing/group-story.js';

const { NONE, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION } = ErrorCode;

describe('gathering (G5)', () => {
  it('an empty group waits the initial delay', () => {
    const story = new Story({ initialDelayMs: 3000, membersMax: 100 });
    const ticket = story.join();
    story.advance(2999);
    expect(story.joins.has(ticket)).toBe(false);
    story.advance(1);
    expect(story.joins.get(ticket)?.generation).toBe(1);
  });

  it('and waits on while members join, up to the rebalance timeout', () => {
    const story = new Story({ initialDelayMs: 3000, membersMax: 100 });
    const first = story.join({ rebalanceTimeoutMs: 8000 });
    story.advance(2000);
    story.join({ rebalanceTimeoutMs: 8000 });
    story.advance(3000);
    story.join({ rebalanceTimeoutMs: 8000 });
    story.advance(2999);
    expect(story.joins.has(first)).toBe(false);
    story.advance(1);
    expect(story.joins.get(first)).toMatchObject({ generation: 1, leaderId: 'm1' });
    expect(story.joins.get(first)?.members).toHaveLength(3);
  });

  it('later rebalances end when all have joined', () => {
    const story = Story.stable(2);
    const third = story.join();
    expect(story.heartbeat('m1')).toBe(REBALANCE_IN_PROGRESS);
    const first = story.join({ memberId: 'm1' });
    expect(story.joins.has(first)).toBe(false);
    const second = story.join({ memberId: 'm2' });
    for (const ticket of [first, second, third])
      expect(story.joins.get(ticket)).toMatchObject({ generation: 2 });
  });

  it('or when the longest rebalance timeout is over; who is missing then is out', () => {
    const story = Story.stable(3, { sessionTimeoutMs: 600_000 });
    const again = story.join({ memberId: 'm1', subscription: 'new', sessionTimeoutMs: 600_000 });
    story.advance(59_999);
    expect(story.joins.has(again)).toBe(false);
    story.advance(1);
    expect(story.joins.get(again)).toMatchObject({ generation: 2, leaderId: 'm1' });
    expect(story.ids).toEqual(['m1']);
    expect(story.heartbeat('m2', 1)).toBe(UNKNOWN_MEMBER_ID);
  });

  it('waits for a newcomer who was given an id, and no longer than for its session', () => {
    const story = Story.stable(1);
    story.join({ comesTwice: true });
    const again = story.join({ memberId: 'm1', subscription: 'new' });
    expect(story.joins.has(again)).toBe(false);
    story.advance(6000);
    expect(story.joins.get(again)).toMatchObject({ generation: 2 });
  });

  it('a member that repeats its join while it waits is answered once, by the later request', () => {
    const story = Story.stable(2);
    const early = story.join({ memberId: 'm1', subscription: 'new' });
    const late = story.join({ memberId: 'm1', subscription: 'new' });
    expect(story.joins.get(early)?.error).toBe(REBALANCE_IN_PROGRESS);
    story.join({ memberId: 'm2' });
    expect(story.joins.get(late)?.error).toBe(NONE);
  });
});

describe('a generation (G6)', () => {
  const protocols = (...names: string[]): { name: string; metadata: Uint8Array }[] =>
    names.map((name) => ({ name, metadata: bytes(`of ${name}`) }));

  it('takes the protocol that most prefer among those that all know', () => {
    const story = new Story();
    const leader = story.join({ protocols: protocols('a', 'b', 'c') });
    story.join({ protocols: protocols('c', 'b') });
    story.join({ protocols: protocols('x', 'c', 'b') });
    story.advance(0);
    expect(story.joins.get(leader)?.protocolName).toBe('c');
    expect(story.joins.get(leader)?.members.map(({ metadata }) => text(metadata))).toEqual([
      'of c',
      'of c',
      'of c',
    ]);
  });

  it('tells members to the leader only, and everybody the same leader', () => {
    const story = new Story();
    const tickets = [story.join(), story.join(), story.join()];
    story.advance(0);
    expect(tickets.map((ticket) => story.joins.get(ticket)?.leaderId)).toEqual(['m1', 'm1', 'm1']);
    expect(tickets.map((ticket) => story.joins.get(ticket)?.members.length)).toEqual([3, 0, 0]);
  });

  it('has another leader when the old one did not come', () => {
    const story = Story.stable(2, { sessionTimeoutMs: 600_000 });
    const second = story.join({ memberId: 'm2', subscription: 'new', sessionTimeoutMs: 600_000 });
    story.advance(60_000);
    expect(story.joins.get(second)).toMatchObject({ leaderId: 'm2', generation: 2 });
  });
});

describe('syncing (G8)', () => {
  const completing = (count: number): Story => {
    const story = new Story();
    for (let index = 0; index < count; index++) story.join();
    story.advance(0);
    return story;
  };

  it('parks everybody until the leader’s assignments are stored', () => {
    const story = completing(3);
    const follower = story.sync('m2');
    const leader = story.sync('m1', { m1: 'one', m2: 'two' });
    expect([...story.syncs]).toEqual([]);
    expect(story.stores).toHaveLength(1);
    expect(story.stores[0]?.group).toMatchObject({ generation: 1, leaderId: 'm1', protocolName: 'range' });
    expect(story.stores[0]?.group.members.map(({ assignment }) => text(assignment))).toEqual([
      'one',
      'two',
      '',
    ]);
    story.stored();
    expect(story.syncs.get(follower)).toMatchObject({
      error: NONE,
      protocolType: 'consumer',
      protocolName: 'range',
    });
    expect(text(story.syncs.get(follower)?.assignment)).toBe('two');
    expect(text(story.syncs.get(leader)?.assignment)).toBe('one');
    expect(story.group.phase).toBe('Stable');
    // Who comes later gets it at once; who is not in it gets nothing.
    const late = story.sync('m3');
    expect(story.syncs.get(late)?.error).toBe(NONE);
    expect(text(story.syncs.get(late)?.assignment)).toBe('');
  });

  it.each<[string, string, SyncRest, ErrorCode]>([
    ['a stranger', 'x', {}, UNKNOWN_MEMBER_ID],
    ['another generation', 'm1', { generation: 7 }, ILLEGAL_GENERATION],
    ['another protocol type', 'm1', { protocolType: 'connect' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['another protocol', 'm1', { protocolName: 'roundrobin' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
  ])('refuses %s', (_, memberId, rest, error) => {
    const story = completing(1);
    expect(story.syncs.get(story.sync(memberId, {}, rest))?.error).toBe(error);
  });

  it('is told to join while the group gathers', () => {
    const story = Story.stable(2);
    story.join();
    expect(story.syncs.get(story.sync('m1'))?.error).toBe(REBALANCE_IN_PROGRESS);
  });

  it('assignments that could not be stored start the group over', () => {
    const story = completing(2);
    const follower = story.sync('m2');
    story.sync('m1', {});
    story.stored(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect(story.syncs.get(follower)?.error).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect(story.group.phase).toBe('PreparingRebalance');
  });

  it('an answer to an append of an overtaken generation changes nothing', () => {
    const story = completing(1);
    story.sync('m1', { m1: 'old' });
    const token = story.stores[0]!.token;
    story.join();
    story.join({ memberId: 'm1' });
    expect(story.group).toMatchObject({ phase: 'CompletingRebalance', generation: 2 });
    story.stored(NONE, token);
    expect(story.group.phase).toBe('CompletingRebalance');
    story.sync('m1', { m1: 'new' });
    story.stored();
    expect(text(story.group.members.get('m1')?.assignment)).toBe('new');
  });

  it('members that joined and never sync are removed after the rebalance timeout', () => {
    const story = completing(3);
    story.sync('m1', {});
    story.stored();
    for (let waited = 0; waited < 60_000; waited += 3000) {
      for (const id of ['m1', 'm2', 'm3']) story.heartbeat(id);
      if (waited === 30_000) story.sync('m2');
      story.advance(3000);
    }
    expect(story.ids).toEqual(['m1', 'm2']);
    expect(story.group.phase).toBe('PreparingRebalance');
  });

  it('when the leader never syncs, those who wait for it are told to join again', () => {
    const story = completing(2);
    const parked = story.sync('m2');
    story.advance(6000);
    expect(story.ids).toEqual(['m2']);
    expect(story.syncs.get(parked)?.error).toBe(REBALANCE_IN_PROGRESS);
  });
});
