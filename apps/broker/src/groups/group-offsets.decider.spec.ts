/** The decider of committed offsets: what is written, what is forgotten when, and a fold that takes anything. */
import { fold, given } from '@tidemark/decider';
import type { GroupEvent, StoredGroup } from './group-events.js';
import { groupOffsetsDecider, hasExpired } from './group-offsets.decider.js';

const HOUR = 3_600_000;
const groupId = 'g';

const offset = (topic: string, partition: number, value: number, commitTimestampMs = 0): GroupEvent => {
  const rest = { offset: value, leaderEpoch: 3, metadata: 'm', commitTimestampMs };
  return { type: 'OffsetCommitted', groupId, topic, partition, ...rest };
};
const forgotten = (topic: string, partition: number): GroupEvent => {
  return { type: 'OffsetForgotten', groupId, topic, partition };
};
const group = (members: number, stateSinceMs = 0): StoredGroup => ({
  protocolType: 'consumer',
  generation: 4,
  protocolName: members === 0 ? null : 'range',
  leaderId: members === 0 ? null : 'm0',
  stateSinceMs,
  members: Array.from({ length: members }, (_, index) => ({
    memberId: `m${index}`,
    instanceId: null,
    clientId: 'c',
    clientHost: '/h',
    rebalanceTimeoutMs: 1,
    sessionTimeoutMs: 1,
    subscription: new Uint8Array(),
    assignment: new Uint8Array(),
  })),
});
const stored = (value: StoredGroup): GroupEvent => ({ type: 'GroupStored', groupId, group: value });
const groupForgotten: GroupEvent = { type: 'GroupForgotten', groupId };
const decider = groupOffsetsDecider;

describe('committed offsets', () => {
  it('are one event each, and the latest of a partition holds', () => {
    const {
      type: _type,
      groupId: _group,
      ...committed
    } = offset('t', 1, 9) as Extract<GroupEvent, { type: 'OffsetCommitted' }>;
    given(decider, [offset('t', 0, 5), offset('t', 1, 6)])
      .when({ type: 'CommitOffsets', groupId, offsets: [committed] })
      .then([offset('t', 1, 9)])
      .thenState(
        (state) => [...(state.get('g')?.offsets.get('t') ?? [])].map(([p, { offset: o }]) => [p, o]),
        [
          [0, 5],
          [1, 9],
        ],
      );
  });

  it('are forgotten where they exist, and a group with nothing left is gone', () => {
    given(decider, [offset('t', 0, 5)])
      .when({
        type: 'ForgetOffsets',
        groupId,
        partitions: [
          { topic: 't', partition: 0 },
          { topic: 't', partition: 7 },
          { topic: 'x', partition: 0 },
        ],
      })
      .then([forgotten('t', 0)], 1)
      .thenState((state) => state.has('g'), false);
  });

  it('go with their topics, of which nobody else’s are touched', () => {
    given(decider, [offset('t', 0, 5), offset('t', 1, 5), offset('u', 0, 5)])
      .when({ type: 'ForgetTopics', groupId, topics: new Set(['t', 'x']) })
      .then([forgotten('t', 0), forgotten('t', 1)], 2)
      .thenState((state) => [...(state.get('g')?.offsets.keys() ?? [])], ['u']);
  });

  it('go with their group', () => {
    given(decider, [offset('t', 0, 5), stored(group(0))])
      .when({ type: 'ForgetGroup', groupId })
      .then([forgotten('t', 0), groupForgotten])
      .thenState((state) => state.size, 0);
    given(decider, []).when({ type: 'ForgetGroup', groupId }).then([]);
  });
});

describe('retention (G17)', () => {
  const expire = (nowMs: number, unused = true) =>
    ({ type: 'ExpireOffsets', groupId, nowMs, retentionMs: HOUR, unused }) as const;

  it.each<[string, GroupEvent[], number, boolean, GroupEvent[]]>([
    [
      'of a group without members counts from the commit',
      [offset('t', 0, 5)],
      HOUR,
      true,
      [forgotten('t', 0)],
    ],
    ['and not before its time', [offset('t', 0, 5)], HOUR - 1, true, []],
    [
      'of an emptied group counts from when it became empty',
      [offset('t', 0, 5), stored(group(0, 1000))],
      HOUR + 999,
      true,
      [],
    ],
    [
      'and then takes the group along',
      [offset('t', 0, 5), stored(group(0, 1000))],
      HOUR + 1000,
      true,
      [forgotten('t', 0), groupForgotten],
    ],
    [
      'takes only what is due',
      [offset('t', 0, 5, 1000), offset('t', 1, 5, 0)],
      HOUR + 500,
      true,
      [forgotten('t', 1)],
    ],
    ['does not touch a group with members', [offset('t', 0, 5), stored(group(1))], 9 * HOUR, true, []],
    ['nor one that somebody is joining', [offset('t', 0, 5)], 9 * HOUR, false, []],
    ['takes an empty group that committed nothing', [stored(group(0))], 10, true, [groupForgotten]],
  ])('%s', (_, events, nowMs, unused, expected) => {
    given(decider, events).when(expire(nowMs, unused)).then(expected);
    const records = fold(decider, events).get('g');
    if (unused && records !== undefined) expect(hasExpired(records, nowMs, HOUR)).toBe(expected.length > 0);
  });
});

describe('the fold', () => {
  it('takes tombstones for what is not there, and a group beside its offsets', () => {
    const state = fold(decider, [
      forgotten('t', 0),
      groupForgotten,
      stored(group(2)),
      offset('t', 0, 1),
      groupForgotten,
    ]);
    expect(state.get('g')?.group).toBeUndefined();
    expect(state.get('g')?.offsets.size).toBe(1);
  });

  it('replays a million commits of a thousand keys within seconds', () => {
    const state = decider.initial();
    const events = Array.from({ length: 1000 }, (_, index) => offset(`t${index % 10}`, index, 1));
    for (let round = 0; round < 1000; round++) for (const event of events) decider.evolve(state, event, 0);
    expect(state.get('g')?.offsets.size).toBe(10);
  });
});
