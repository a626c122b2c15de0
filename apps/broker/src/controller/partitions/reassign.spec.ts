/** Partitions that move: how a move begins, goes on, ends and is cancelled, for both protocols, and what is refused. */
import { ErrorCode } from '@tidemark/wire';
import { ClusterStory, QUORUM, TOPIC, brokers, topic } from '../../testing/cluster-story.js';
import type { StoryTopic } from '../../testing/cluster-story.js';

const storyOf = (of: StoryTopic = {}): ClusterStory => new ClusterStory([...brokers(6), ...topic(of)]);
const move = (
  story: ClusterStory,
  replicas: readonly number[] | null,
  allowReplicationFactorChange = true,
): ErrorCode | undefined => {
  const partitions = [{ topic: 't', partition: 0, replicas }];
  const command = { type: 'AlterReassignments', partitions, allowReplicationFactorChange } as const;
  return story.decide(command)[0]?.error;
};
const elect = (story: ClusterStory, leader: number): number => {
  const epoch = story.partition().leaderEpoch + 1;
  const elections = [{ topicId: TOPIC, partition: 0, epoch, leader }];
  return story.decide({ type: 'CompleteElections', elections }).elected;
};

describe('a primary-backup partition that moves', () => {
  it('adds the new replicas, and lets the old ones go when the new are in sync', () => {
    const story = storyOf();
    expect(move(story, [4, 5, 1])).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({
      replicas: [4, 5, 1, 2, 3],
      adding: [4, 5],
      removing: [2, 3],
      leader: 1,
      leaderEpoch: 0,
    });
    const since = story.partition().replicaSince;
    expect(since[0]).toBe(since[1]);
    expect(since[0]).toBeGreaterThan(since[2]!);
    story.propose([1, 2, 3, 4]);
    expect(story.partition()).toMatchObject({ isr: [4, 1, 2, 3], adding: [4, 5] });
    story.propose([1, 2, 3, 4, 5]);
    expect(story.partition()).toMatchObject({
      replicas: [4, 5, 1],
      isr: [4, 5, 1],
      adding: [],
      removing: [],
      leader: 1,
      leaderEpoch: 1,
    });
  });

  it('tells a leader that has to go that another one was elected', () => {
    const story = storyOf();
    move(story, [4, 5, 6]);
    expect(story.propose([1, 2, 3, 4, 5, 6])).toMatchObject({ error: ErrorCode.NEW_LEADER_ELECTED });
    expect(story.partition()).toMatchObject({ replicas: [4, 5, 6], leader: 4, leaderEpoch: 1 });
  });

  it('lets go at once of replicas that nobody has to replace', () => {
    const story = storyOf();
    move(story, [2, 3]);
    expect(story.partition()).toMatchObject({ replicas: [2, 3], isr: [2, 3], leader: 2, removing: [] });
  });

  it('goes back to its old replicas when that is wanted', () => {
    const story = storyOf();
    move(story, [4, 5, 6]);
    story.propose([1, 2, 3, 4]);
    expect(move(story, null)).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({
      replicas: [1, 2, 3],
      isr: [1, 2, 3],
      adding: [],
      removing: [],
      leader: 1,
    });
  });

  it('can be sent elsewhere while it moves', () => {
    const story = storyOf();
    move(story, [4, 5, 6]);
    expect(move(story, [1, 2, 4])).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ replicas: [1, 2, 4, 3], adding: [4], removing: [3] });
  });

  it('only changes the order when the replicas stay', () => {
    const story = storyOf();
    expect(move(story, [3, 1, 2])).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ replicas: [3, 1, 2], leader: 1, leaderEpoch: 0 });
  });
});

describe('a quorum partition that moves', () => {
  it('changes by one replica at a time, each step taken by an election', () => {
    const story = storyOf(QUORUM);
    expect(move(story, [4, 5, 3])).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({
      replicas: [1, 2, 3, 4],
      adding: [4, 5],
      removing: [1, 2],
      leader: 1,
      isr: [1, 2, 3],
    });
    expect(story.propose([1, 2, 3, 4])).toMatchObject({ error: ErrorCode.NEW_LEADER_ELECTED });
    expect(story.partition()).toMatchObject({ leader: -1, leaderEpoch: 1 });
    expect(elect(story, 4)).toBe(1);
    expect(story.partition()).toMatchObject({
      replicas: [4, 2, 3, 5],
      isr: [2, 3, 4],
      adding: [5],
      removing: [2],
      leader: 4,
      leaderEpoch: 2,
    });
    story.propose([2, 3, 4, 5]);
    expect(elect(story, 4)).toBe(1);
    expect(story.partition()).toMatchObject({ replicas: [4, 5, 3], adding: [], removing: [], leader: 4 });
  });

  it.each([
    ['one for another', [2, 4, 1], [3, 1, 2]],
    ['more than before', [1, 2, 3], [4, 1, 5, 2, 3]],
    ['fewer than before', [1, 2, 3, 4, 5], [5, 1, 3]],
    ['all for others', [1, 2, 3], [5, 4, 6]],
  ])('ends in the order that was asked for: %s', (_, from, to) => {
    const story = storyOf({ ...QUORUM, replicas: from });
    expect(move(story, to)).toBe(ErrorCode.NONE);
    for (let steps = 0; steps < 10 && story.partition().wanted.length > 0; steps++) {
      const { leader, adding, isr } = story.partition();
      if (leader === -1) elect(story, isr.find((id) => to.includes(id)) ?? -1);
      else story.propose([...isr, ...adding.slice(0, 1)]);
    }
    expect(story.partition()).toMatchObject({ replicas: to, adding: [], removing: [], wanted: [] });
  });

  it('gives up replicas by elections too, so that nobody is two steps behind', () => {
    const story = storyOf({ ...QUORUM, replicas: [1, 2, 3, 4, 5] });
    expect(move(story, [1, 2, 3])).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ leader: -1, removing: [4, 5] });
    expect(elect(story, 1)).toBe(1);
    expect(story.partition()).toMatchObject({ replicas: [1, 2, 3, 5], leader: -1, removing: [5] });
    expect(elect(story, 1)).toBe(1);
    expect(story.partition()).toMatchObject({ replicas: [1, 2, 3], leader: 1, removing: [] });
  });

  it('does not elect the one that goes', () => {
    const story = storyOf(QUORUM);
    move(story, [4, 2, 3]);
    story.propose([1, 2, 3, 4]);
    elect(story, 1);
    expect(story.partition()).toMatchObject({ leader: -1, adding: [4] });
  });

  it('is not sent elsewhere while it moves, and can be called back', () => {
    const story = storyOf(QUORUM);
    move(story, [4, 2, 3]);
    expect(move(story, [5, 2, 3])).toBe(ErrorCode.REASSIGNMENT_IN_PROGRESS);
    expect(move(story, null)).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ replicas: [1, 2, 3], adding: [], leader: 1, leaderEpoch: 0 });
  });
});

describe('a move is refused', () => {
  it.each<[string, readonly number[] | null, StoryTopic, ErrorCode]>([
    ['to nobody', [], {}, ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['to an unknown broker', [1, 2, 9], {}, ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['to one broker twice', [1, 1, 2], {}, ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['to an even number of quorum replicas', [1, 2], QUORUM, ErrorCode.INVALID_REPLICATION_FACTOR],
    ['when there is none to cancel', null, {}, ErrorCode.NO_REASSIGNMENT_IN_PROGRESS],
  ])('%s', (_, replicas, of, error) => {
    const story = storyOf(of);
    const before = story.partition();
    expect(move(story, replicas)).toBe(error);
    expect(story.partition()).toBe(before);
  });

  it('with another replication factor, unless that is allowed', () => {
    expect(move(storyOf(), [1, 2], false)).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
  });

  it('of an unknown partition', () => {
    const partitions = [{ topic: 'x', partition: 0, replicas: [1] }];
    const command = { type: 'AlterReassignments', partitions, allowReplicationFactorChange: true } as const;
    expect(storyOf().decide(command)[0]?.error).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});
