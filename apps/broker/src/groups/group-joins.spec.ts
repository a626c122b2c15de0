/** Joining a group, as rules G3, G4, G7, G10 and G11 of the protocol have it. */
import { ErrorCode } from '@tidemark/wire';
import { Story, bytes, text } from '../testing/group-story.js';
import type { JoinRest } from '../testing/group-story.js';

const { NONE, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID } = ErrorCode;

describe('joining (G3, G4)', () => {
  it('up to version 3 a newcomer is taken at once', () => {
    const story = new Story();
    const ticket = story.join();
    story.advance(0);
    expect(story.joins.get(ticket)).toEqual({
      error: NONE,
      memberId: 'm1',
      generation: 1,
      protocolType: 'consumer',
      protocolName: 'range',
      leaderId: 'm1',
      skipAssignment: false,
      members: [{ memberId: 'm1', instanceId: null, metadata: bytes('s') }],
    });
  });

  it('from version 4 on it is given an id and must come back with it', () => {
    const story = new Story();
    const first = story.join({ comesTwice: true });
    expect(story.joins.get(first)).toMatchObject({ error: ErrorCode.MEMBER_ID_REQUIRED, memberId: 'm1' });
    expect(story.group.phase).toBe('Empty');
    const second = story.join({ comesTwice: true, memberId: 'm1' });
    story.advance(0);
    expect(story.joins.get(second)).toMatchObject({ error: NONE, memberId: 'm1', generation: 1 });
  });

  it('an id that is not fetched in time is forgotten', () => {
    const story = new Story();
    story.join({ comesTwice: true });
    story.advance(6000);
    expect(story.group.newcomers.size).toBe(0);
    const late = story.join({ comesTwice: true, memberId: 'm1' });
    expect(story.joins.get(late)?.error).toBe(UNKNOWN_MEMBER_ID);
  });

  it('a static member need not come twice', () => {
    const story = new Story();
    const ticket = story.join({ comesTwice: true, instanceId: 'i' });
    story.advance(0);
    expect(story.joins.get(ticket)).toMatchObject({ error: NONE, memberId: 'm1' });
  });

  it.each<[string, JoinRest, ErrorCode]>([
    ['an unknown id', { memberId: 'stranger' }, UNKNOWN_MEMBER_ID],
    ['another protocol type', { protocolType: 'connect' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['no protocol type', { protocolType: '' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['no protocols', { protocols: [] }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    [
      'no protocol in common',
      { protocols: [{ name: 'x', metadata: bytes('') }] },
      ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    ],
    ['an instance that is not there', { memberId: 'm1', instanceId: 'i' }, UNKNOWN_MEMBER_ID],
  ])('refuses %s and leaves the group alone', (_, rest, error) => {
    const story = Story.stable(2);
    const ticket = story.join(rest);
    expect(story.joins.get(ticket)).toMatchObject({ error, generation: -1, members: [] });
    expect(story.group.phase).toBe('Stable');
  });

  it.each([
    ['no protocols', { protocols: [] }],
    ['no protocol type', { protocolType: '' }],
  ])('an empty group refuses %s too', (_, rest) => {
    const story = new Story();
    expect(story.joins.get(story.join(rest))?.error).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  it('a full group takes nobody new and lets its own join again', () => {
    const story = new Story({ initialDelayMs: 0, membersMax: 2 });
    story.join();
    story.join();
    expect(story.joins.get(story.join())?.error).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    story.advance(0);
    expect(story.joins.get(story.join())?.error).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    expect(story.joins.get(story.join({ memberId: 'm1' }))).toMatchObject({ error: NONE });
  });
});

describe('joining again (G7)', () => {
  it('stable: a follower with nothing new gets the same generation', () => {
    const story = Story.stable(2);
    const ticket = story.join({ memberId: 'm2' });
    expect(story.joins.get(ticket)).toMatchObject({
      error: NONE,
      generation: 1,
      leaderId: 'm1',
      members: [],
    });
    expect(story.group.phase).toBe('Stable');
  });
  it.each([
    ['the leader', { memberId: 'm1' }],
    ['a follower with another subscription', { memberId: 'm2', subscription: 'new' }],
  ])('stable: %s starts a rebalance', (_, rest) => {
    const story = Story.stable(2);
    story.join(rest);
    expect(story.group.phase).toBe('PreparingRebalance');
  });
  it('completing: a repeated join gets the same answer, one with news starts over', () => {
    const story = new Story();
    story.join();
    story.join();
    story.advance(0);
    const again = story.join({ memberId: 'm1' });
    expect(story.joins.get(again)).toMatchObject({ generation: 1, leaderId: 'm1' });
    expect(story.joins.get(again)?.members).toHaveLength(2);
    const sync = story.sync('m2');
    story.join({ memberId: 'm1', subscription: 'new' });
    expect(story.group.phase).toBe('PreparingRebalance');
    expect(story.syncs.get(sync)?.error).toBe(REBALANCE_IN_PROGRESS);
  });
});

describe('static members (G10)', () => {
  it('come back under a new id without a rebalance; the old id is fenced', () => {
    const story = Story.stable(2, { instanceId: 'i' });
    const back = story.join({ instanceId: 'i2' });
    expect(story.joins.has(back)).toBe(false);
    story.stored();
    expect(story.group).toMatchObject({ phase: 'Stable', generation: 1 });
    expect(story.joins.get(back)).toMatchObject({
      error: NONE,
      memberId: 'm3',
      generation: 1,
      leaderId: 'm1',
      members: [],
    });
    expect(story.stores.at(-1)?.group.members.map(({ memberId }) => memberId)).toEqual(['m1', 'm3']);
    expect(text(story.stores.at(-1)?.group.members[1]?.assignment)).toBe('a-m2');
    expect(story.heartbeat('m2', 1, 'i2')).toBe(FENCED_INSTANCE_ID);
    expect(story.syncs.get(story.sync('m2', {}, { instanceId: 'i2' }))?.error).toBe(FENCED_INSTANCE_ID);
    expect(story.joins.get(story.join({ memberId: 'm2', instanceId: 'i2' }))?.error).toBe(FENCED_INSTANCE_ID);
    expect(story.heartbeat('m3', 1, 'i2')).toBe(NONE);
    expect(text(story.syncs.get(story.sync('m3', {}, { instanceId: 'i2' }))?.assignment)).toBe('a-m2');
  });

  it('a leader that comes back skips the assignment from version 9 on', () => {
    const story = Story.stable(2, { instanceId: 'i' });
    const back = story.join({ instanceId: 'i1', skipsAssignment: true });
    story.stored();
    expect(story.joins.get(back)).toMatchObject({ memberId: 'm3', leaderId: 'm3', skipAssignment: true });
    expect(story.joins.get(back)?.members.map(({ memberId }) => memberId)).toEqual(['m3', 'm2']);
  });

  it('and below is told that its former self leads', () => {
    const story = Story.stable(2, { instanceId: 'i' });
    const back = story.join({ instanceId: 'i1' });
    story.stored();
    expect(story.joins.get(back)).toMatchObject({
      memberId: 'm3',
      leaderId: 'm1',
      members: [],
      skipAssignment: false,
    });
  });

  it('whose replacement could not be stored are told so', () => {
    const story = Story.stable(1, { instanceId: 'i' });
    const back = story.join({ instanceId: 'i1' });
    story.stored(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect(story.joins.get(back)?.error).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  });

  it('that come back during a rebalance just join it', () => {
    const story = Story.stable(2, { instanceId: 'i' });
    const first = story.join({ memberId: 'm1', instanceId: 'i1', subscription: 'new' });
    const back = story.join({ instanceId: 'i2' });
    expect(story.joins.get(first)).toMatchObject({ generation: 2 });
    expect(story.joins.get(back)).toMatchObject({ generation: 2, memberId: 'm4' });
  });

  it('that replace one whose join waits fence that join', () => {
    const story = Story.stable(2, { instanceId: 'i' });
    const waiting = story.join({ memberId: 'm1', instanceId: 'i1', subscription: 'new' });
    story.join({ instanceId: 'i1' });
    expect(story.joins.get(waiting)?.error).toBe(FENCED_INSTANCE_ID);
  });

  it('that come back while assignments are awaited start over', () => {
    const story = new Story();
    story.join({ instanceId: 'i1' });
    story.advance(0);
    const back = story.join({ instanceId: 'i1' });
    expect(story.joins.get(back)).toMatchObject({ error: NONE, generation: 2, memberId: 'm2' });
  });

  it('keep their place in a rebalance that they miss, until their session is over', () => {
    const story = Story.stable(2, { instanceId: 'i', sessionTimeoutMs: 100_000, rebalanceTimeoutMs: 10_000 });
    const first = story.join({
      memberId: 'm1',
      instanceId: 'i1',
      subscription: 'new',
      rebalanceTimeoutMs: 10_000,
    });
    story.advance(10_000);
    expect(story.joins.get(first)?.members.map(({ memberId }) => memberId)).toEqual(['m1', 'm2']);
  });
});

describe('cooperative rebalancing (G11)', () => {
  it('is two generations one after the other, with nobody forced out', () => {
    const story = Story.stable(2);
    const joins = [story.join(), story.join({ memberId: 'm1' }), story.join({ memberId: 'm2' })];
    for (const ticket of joins) expect(story.joins.get(ticket)?.generation).toBe(2);
    story.sync('m2');
    story.sync('m3');
    story.sync('m1', { m1: 'less', m2: 'less', m3: '' });
    story.stored();
    const again = [
      story.join({ memberId: 'm1', subscription: 'owns less' }),
      story.join({ memberId: 'm3', subscription: 'owns nothing' }),
      story.join({ memberId: 'm2', subscription: 'owns less' }),
    ];
    for (const ticket of again) expect(story.joins.get(ticket)).toMatchObject({ error: NONE, generation: 3 });
    expect(story.ids).toEqual(['m1', 'm2', 'm3']);
  });
});
