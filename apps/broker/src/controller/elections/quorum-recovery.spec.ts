/** Quorum partitions that lost their majority for good: what is kept, what is given up, and when nothing is. */
import { ErrorCode } from '@tidemark/wire';
import { ClusterStory, QUORUM, TOPIC, brokers, directoryOf, topic } from '../../testing/cluster-story.js';

const storyOf = (replicas = [1, 2, 3]): ClusterStory =>
  new ClusterStory([...brokers(5), ...topic({ ...QUORUM, replicas })]);
const recover = (story: ClusterStory): ErrorCode | undefined =>
  story.decide({ type: 'ElectLeaders', election: 'unclean', partitions: [{ topic: 't', partition: 0 }] })[0]
    ?.error;
const elect = (story: ClusterStory, leader: number): number => {
  const epoch = story.partition().leaderEpoch + 1;
  return story.decide({
    type: 'CompleteElections',
    elections: [{ topicId: TOPIC, partition: 0, epoch, leader }],
  }).elected;
};

describe('the unclean election of a quorum partition', () => {
  it('goes on with the one that is left, though that believes to lead', () => {
    const story = storyOf();
    story.fence(2);
    story.fence(3);
    expect(story.partition().leader).toBe(1);
    expect(recover(story)).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ replicas: [1], isr: [1], leader: -1, leaderEpoch: 1 });
    expect(elect(story, 1)).toBe(1);
    expect(story.partition()).toMatchObject({ leader: 1, leaderEpoch: 2 });
  });

  it('goes on with all that are left, so that the longest log among them can be found', () => {
    const story = storyOf([1, 2, 3, 4, 5]);
    for (const id of [1, 3, 5]) story.fence(id);
    expect(recover(story)).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ replicas: [2, 4], isr: [2, 4], leader: -1 });
  });

  it('counts those that came back without their disks as gone', () => {
    const story = storyOf();
    for (const id of [2, 3]) {
      story.restart(id, { directoryId: directoryOf(id, 1) });
      story.heartbeat(id);
    }
    expect(story.partition().isr).toEqual([1]);
    expect(recover(story)).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ replicas: [1], isr: [1] });
  });

  it('takes whoever is alive when nobody is left that has what it acknowledged', () => {
    const story = storyOf();
    for (const id of [1, 2, 3]) story.restart(id, { directoryId: directoryOf(id, 1) });
    story.heartbeat(3);
    expect(story.partition().isr).toEqual([]);
    expect(recover(story)).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ replicas: [3], isr: [3] });
  });

  it('ends a move', () => {
    const story = storyOf();
    const partitions = [{ topic: 't', partition: 0, replicas: [4, 2, 3] }];
    story.decide({ type: 'AlterReassignments', partitions, allowReplicationFactorChange: false });
    for (const id of [2, 3, 4]) story.fence(id);
    expect(recover(story)).toBe(ErrorCode.NONE);
    expect(story.partition()).toMatchObject({ replicas: [1], adding: [], removing: [], wanted: [] });
  });

  it.each([
    ['while a majority is alive, with a leader', [3], ErrorCode.ELECTION_NOT_NEEDED],
    ['while a majority is alive, and nobody leads', [1], ErrorCode.ELECTION_NOT_NEEDED],
    ['when nobody is alive', [1, 2, 3], ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE],
  ])('changes nothing %s', (_, fenced, error) => {
    const story = storyOf();
    for (const id of fenced) story.fence(id);
    const before = story.partition();
    expect(recover(story)).toBe(error);
    expect(story.partition()).toBe(before);
  });
});
