/** Heartbeats, leaving and commits of group members (G9, G12), and what a restart leaves of a group. */
import { ErrorCode } from '@tidemark/wire';
import { Story, text } from '../testing/group-story.js';
import { nextWakeMs, restoredGroup, storedGroup } from './group-members.js';
import { TRANSITIONS, admitCommit } from './group-session.js';

const { NONE, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID } = ErrorCode;

describe('heartbeats (G9)', () => {
  it.each<[string, () => Story, ErrorCode]>([
    ['Stable', () => Story.stable(2), NONE],
    [
      'PreparingRebalance',
      () => {
        const story = Story.stable(2);
        story.join();
        return story;
      },
      REBALANCE_IN_PROGRESS,
    ],
    [
      'CompletingRebalance',
      () => {
        const story = new Story();
        story.join();
        story.advance(0);
        return story;
      },
      NONE,
    ],
    ['Empty', () => new Story(), UNKNOWN_MEMBER_ID],
  ])('%s', (phase, make, error) => {
    const story = make();
    expect(story.group.phase).toBe(phase);
    expect(story.heartbeat('m1')).toBe(error);
    expect(story.heartbeat('stranger')).toBe(UNKNOWN_MEMBER_ID);
    if (story.group.members.size > 0) expect(story.heartbeat('m1', 99)).toBe(ILLEGAL_GENERATION);
  });

  it('keep a member in; silence for the session timeout does not', () => {
    const story = Story.stable(2);
    for (let beat = 0; beat < 10; beat++) {
      story.advance(5000);
      story.heartbeat('m1');
      if (beat === 0) story.heartbeat('m2');
    }
    expect(story.ids).toEqual(['m1']);
    expect(story.group.phase).toBe('PreparingRebalance');
    expect(story.heartbeat('m2', 1)).toBe(UNKNOWN_MEMBER_ID);
  });

  it('count while the group gathers, so that a slow rebalance costs nobody its place', () => {
    const story = Story.stable(2);
    story.join({ memberId: 'm1', subscription: 'new' });
    for (let beat = 0; beat < 5; beat++) {
      story.advance(5000);
      expect(story.heartbeat('m2')).toBe(REBALANCE_IN_PROGRESS);
    }
    expect(story.ids).toEqual(['m1', 'm2']);
  });

  it('are not asked of a member that waits in a join; a new one is given five minutes', () => {
    const story = Story.stable(1, { sessionTimeoutMs: 600_000, rebalanceTimeoutMs: 600_000 });
    const waiting = story.join({ rebalanceTimeoutMs: 600_000 });
    story.advance(299_999);
    expect(story.ids).toEqual(['m1', 'm2']);
    story.advance(1);
    expect(story.joins.get(waiting)?.error).toBe(UNKNOWN_MEMBER_ID);
    expect(story.ids).toEqual(['m1']);
  });
});

describe('leaving', () => {
  it('starts a rebalance; the last one empties the group, which is stored', () => {
    const story = Story.stable(2);
    expect(story.leave({ memberId: 'm1', instanceId: null })).toEqual([NONE]);
    expect(story.group.phase).toBe('PreparingRebalance');
    expect(story.leave({ memberId: 'm2', instanceId: null })).toEqual([NONE]);
    expect(story.group).toMatchObject({ phase: 'Empty', generation: 2, protocolName: null, leaderId: null });
    expect(story.stores.at(-1)?.group).toMatchObject({
      generation: 2,
      members: [],
      protocolType: 'consumer',
    });
  });

  it('the leader of a stable group hands over to the next', () => {
    const story = Story.stable(2);
    story.leave({ memberId: 'm1', instanceId: null });
    const again = story.join({ memberId: 'm2' });
    expect(story.joins.get(again)).toMatchObject({ leaderId: 'm2', generation: 2 });
  });

  it('answers for each of several', () => {
    const story = Story.stable(3, { instanceId: 'i' });
    const errors = story.leave(
      { memberId: '', instanceId: 'i1' },
      { memberId: 'm1', instanceId: 'i2' },
      { memberId: 'stranger', instanceId: null },
      { memberId: '', instanceId: 'i9' },
      { memberId: 'm3', instanceId: 'i3' },
    );
    expect(errors).toEqual([NONE, FENCED_INSTANCE_ID, UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID, NONE]);
    expect(story.ids).toEqual(['m2']);
  });

  it('of somebody who was given an id and did not come lets the others go on', () => {
    const story = Story.stable(1);
    story.join({ comesTwice: true });
    const again = story.join({ memberId: 'm1', subscription: 'new' });
    expect(story.leave({ memberId: 'm2', instanceId: null })).toEqual([NONE]);
    expect(story.joins.get(again)).toMatchObject({ generation: 2 });
  });

  it('answers a join that waits', () => {
    const story = Story.stable(2);
    const waiting = story.join({ memberId: 'm1', subscription: 'new' });
    story.leave({ memberId: 'm1', instanceId: null });
    expect(story.joins.get(waiting)?.error).toBe(UNKNOWN_MEMBER_ID);
  });

  it('an emptied group can be joined again, its generations go on', () => {
    const story = Story.stable(1);
    story.leave({ memberId: 'm1', instanceId: null });
    const ticket = story.join();
    story.advance(0);
    expect(story.joins.get(ticket)).toMatchObject({ generation: 3, error: NONE });
    story.sync('m2', { m2: 'x' });
    story.stored();
    expect(story.group.phase).toBe('Stable');
  });
});

describe('commits (G12)', () => {
  const commit = (
    story: Story | undefined,
    memberId: string,
    generation: number,
    instanceId: string | null = null,
  ): ErrorCode => admitCommit(story?.group, { memberId, generation, instanceId }, story?.nowMs ?? 0);

  it('from outside are taken while nobody is in', () => {
    expect(commit(undefined, '', -1)).toBe(NONE);
    expect(commit(new Story(), '', -1)).toBe(NONE);
    expect(commit(Story.stable(1), '', -1)).toBe(UNKNOWN_MEMBER_ID);
  });
  it('of a generation nobody knows are refused', () => {
    expect(commit(undefined, 'm1', 3)).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(commit(new Story(), 'm1', 3)).toBe(UNKNOWN_MEMBER_ID);
  });
  it('of a member depend on its generation and on the phase', () => {
    const story = Story.stable(2);
    expect(commit(story, 'm1', 1)).toBe(NONE);
    expect(commit(story, 'm1', 2)).toBe(ILLEGAL_GENERATION);
    expect(commit(story, 'm1', 1, 'i')).toBe(UNKNOWN_MEMBER_ID);
    story.join();
    expect(commit(story, 'm1', 1)).toBe(NONE);
    story.join({ memberId: 'm1' });
    story.join({ memberId: 'm2' });
    expect(story.group.phase).toBe('CompletingRebalance');
    expect(commit(story, 'm1', 2)).toBe(REBALANCE_IN_PROGRESS);
  });
  it('keep a member in', () => {
    const story = Story.stable(1);
    story.advance(5000);
    commit(story, 'm1', 1);
    story.advance(5000);
    expect(story.ids).toEqual(['m1']);
  });
});

describe('after a restart', () => {
  it('members are known until their session is over, and the generation is kept', () => {
    const before = Story.stable(2, { instanceId: 'i' });
    const story = new Story(undefined, restoredGroup('g', storedGroup(before.group), 1000));
    expect(story.heartbeat('m1', 1, 'i1')).toBe(NONE);
    expect(text(story.syncs.get(story.sync('m1', {}, { instanceId: 'i1' }))?.assignment)).toBe('a-m1');
    story.advance(5000);
    story.heartbeat('m1');
    story.advance(1000);
    expect(story.ids).toEqual(['m1']);
    const again = story.join({ memberId: 'm1', instanceId: 'i1' });
    expect(story.joins.get(again)).toMatchObject({ error: NONE, generation: 2 });
  });

  it('a group whose members are all gone becomes empty by itself', () => {
    const before = Story.stable(2);
    const story = new Story(undefined, restoredGroup('g', storedGroup(before.group), 1000));
    story.advance(6000);
    expect(story.group).toMatchObject({ phase: 'Empty', generation: 2 });
    expect(nextWakeMs(story.group)).toBeUndefined();
  });
});

describe('the table', () => {
  it('has a row for every phase that a group can show', () => {
    expect(Object.keys(TRANSITIONS)).toEqual([
      'Empty',
      'PreparingRebalance',
      'CompletingRebalance',
      'Stable',
    ]);
  });
});
