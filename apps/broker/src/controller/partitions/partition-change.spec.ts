/**
 * Who leads after brokers went and came, and who stays eligible: directed stories, named after the bug classes that
 * they stand for.
 */
import { ErrorCode } from '@tidemark/wire';
import { ClusterStory, QUORUM, brokers, changed, directoryOf, topic } from '../../testing/cluster-story.js';

const storyOf = (configs: Record<string, string> = {}): ClusterStory =>
  new ClusterStory([...brokers(3), ...topic({ configs })]);

describe('a primary-backup partition', () => {
  it('is led by the next replica in sync when its leader is fenced', () => {
    const story = storyOf();
    story.fence(1);
    expect(story.partition()).toMatchObject({ leader: 2, leaderEpoch: 1, isr: [2, 3], elr: [] });
    story.fence(1);
    expect(story.partition()).toMatchObject({ leaderEpoch: 1, partitionEpoch: 1 });
  });

  it('loses a follower without a new leader epoch', () => {
    const story = storyOf();
    story.fence(3);
    expect(story.partition()).toMatchObject({ leader: 1, leaderEpoch: 0, isr: [1, 2], elr: [] });
  });

  it('kip966: members that leave an ISR which is too small stay eligible', () => {
    const story = storyOf();
    story.fence(1);
    story.fence(2);
    expect(story.partition()).toMatchObject({ leader: 3, isr: [3], elr: [2] });
    story.fence(3);
    expect(story.partition()).toMatchObject({ leader: -1, isr: [], elr: [2, 3], lastKnownElr: [3] });
  });

  it('kip966: an eligible replica that comes back leads alone, and the others stay eligible', () => {
    const story = storyOf();
    for (const id of [1, 2, 3]) story.fence(id);
    story.restart(2);
    story.heartbeat(2);
    expect(story.partition()).toMatchObject({ leader: 2, isr: [2], elr: [3], recovering: false });
  });

  it('kip966: ELR ends when the ISR is large enough again', () => {
    const story = storyOf();
    for (const id of [1, 2, 3]) story.fence(id);
    story.restart(2);
    story.heartbeat(2);
    story.restart(1);
    story.heartbeat(1);
    expect(story.propose([1, 2])).toMatchObject({ error: ErrorCode.NONE });
    expect(story.partition()).toMatchObject({ isr: [1, 2], elr: [] });
  });

  it('a replica that was neither in sync nor eligible does not lead', () => {
    const story = storyOf();
    for (const id of [1, 2, 3]) story.fence(id);
    story.restart(1);
    story.heartbeat(1);
    expect(story.partition()).toMatchObject({ leader: -1, elr: [2, 3] });
  });

  it('kip966 lastReplicaStanding: the last in sync that lost its unflushed tail is not elected before the others', () => {
    const story = storyOf();
    for (const id of [1, 2, 3]) story.fence(id);
    story.restart(3, { lossy: true });
    story.heartbeat(3);
    expect(story.partition()).toMatchObject({ leader: -1, isr: [], elr: [2] });
    story.restart(2);
    story.heartbeat(2);
    expect(story.partition()).toMatchObject({ leader: 2, isr: [2], recovering: false });
  });

  it('kip966: when nobody is eligible any more the last known leader recovers, and nobody else', () => {
    const story = storyOf();
    for (const id of [1, 2, 3]) story.fence(id);
    story.restart(2, { lossy: true });
    story.heartbeat(2);
    story.restart(3, { lossy: true });
    expect(story.partition()).toMatchObject({ leader: -1, isr: [], elr: [], lastKnownElr: [3] });
    story.heartbeat(3);
    expect(story.partition()).toMatchObject({ leader: 3, isr: [3], recovering: true, lastKnownElr: [] });
  });

  it('a last known leader on another disk has nothing to recover from', () => {
    const story = storyOf();
    for (const id of [1, 2, 3]) story.fence(id);
    story.restart(2, { lossy: true });
    story.restart(3, { directoryId: directoryOf(3, 1) });
    story.heartbeat(3);
    story.heartbeat(2);
    expect(story.partition()).toMatchObject({ leader: -1, lastKnownElr: [] });
  });

  it('an empty disk under an old id is in no ISR and not eligible', () => {
    const story = storyOf();
    story.restart(2, { directoryId: directoryOf(2, 1) });
    story.heartbeat(2);
    expect(story.partition()).toMatchObject({ leader: 1, isr: [1, 3] });
    const broker = story.state.brokers.get(2);
    expect(broker?.directorySince).toBe(broker?.epoch);
    expect(broker?.directorySince).toBeGreaterThan(story.partition().replicaSince[1]!);
  });

  it('elects uncleanly only where that is allowed, and then everybody else is out', () => {
    const story = storyOf({ 'unclean.leader.election.enable': 'true' });
    for (const id of [1, 2, 3]) story.fence(id);
    story.restart(1);
    story.heartbeat(1);
    expect(story.partition()).toMatchObject({ leader: 1, isr: [1], elr: [], recovering: true });
  });

  it('elects uncleanly when that is allowed while it waits', () => {
    const story = storyOf();
    for (const id of [1, 2, 3]) story.fence(id);
    story.restart(1);
    story.heartbeat(1);
    const set = { name: 'unclean.leader.election.enable', operation: 'set', value: 'true' } as const;
    const changes = [{ topic: 't', operations: [set], replaceAll: false }];
    story.decide({ type: 'AlterConfigs', changes, validateOnly: false });
    expect(story.partition()).toMatchObject({ leader: 1, recovering: true });
  });

  it('ends the eligibility of others when fewer are demanded in sync', () => {
    const story = storyOf();
    story.fence(1);
    story.fence(2);
    const set = { name: 'min.insync.replicas', operation: 'set', value: '1' } as const;
    const changes = [{ topic: 't', operations: [set], replaceAll: false }];
    story.decide({ type: 'AlterConfigs', changes, validateOnly: false });
    expect(story.partition()).toMatchObject({ leader: 3, isr: [3], elr: [] });
  });

  it('a single replica that was stopped is eligible and leads again', () => {
    const story = new ClusterStory([...brokers(1), ...topic({ replicas: [1] })]);
    story.restart(1);
    expect(story.partition()).toMatchObject({ leader: -1, isr: [], elr: [1] });
    story.heartbeat(1);
    expect(story.partition()).toMatchObject({ leader: 1, isr: [1], elr: [], leaderEpoch: 2 });
  });

  it('a single replica after a power failure leads what it has', () => {
    const story = new ClusterStory([...brokers(1), ...topic({ replicas: [1] })]);
    story.restart(1, { lossy: true });
    story.heartbeat(1);
    expect(story.partition()).toMatchObject({ leader: 1, isr: [1], recovering: true });
  });
});

describe('a quorum partition', () => {
  const quorum = (): ClusterStory => new ClusterStory([...brokers(3), ...topic(QUORUM)]);

  it('is without a leader until an election, and its replicas stay eligible', () => {
    const story = quorum();
    story.fence(1);
    expect(story.partition()).toMatchObject({ leader: -1, leaderEpoch: 1, isr: [1, 2, 3], elr: [] });
    story.fence(2);
    expect(story.partition()).toMatchObject({ leader: -1, leaderEpoch: 1, partitionEpoch: 1 });
  });

  it('is not touched by the fence of a follower', () => {
    const story = quorum();
    story.fence(3);
    expect(story.partition()).toMatchObject({ leader: 1, partitionEpoch: 0 });
  });

  it('loses nothing by a power failure, because what is acknowledged was on disk', () => {
    const story = quorum();
    story.restart(2, { lossy: true });
    expect(story.partition().isr).toEqual([1, 2, 3]);
  });

  it('does not count a replica on another disk until its leader takes it in', () => {
    const story = quorum();
    story.restart(2, { directoryId: directoryOf(2, 1) });
    story.heartbeat(2);
    expect(story.partition().isr).toEqual([1, 3]);
    expect(story.propose([1, 2, 3])).toMatchObject({ error: ErrorCode.NONE });
    expect(story.partition().isr).toEqual([1, 2, 3]);
  });

  it('gets its leader at exactly the epoch that was promised', () => {
    const story = quorum();
    story.fence(1);
    const complete = (leader: number, epoch: number): number =>
      story.decide({
        type: 'CompleteElections',
        elections: [{ topicId: story.state.topics.get('t')!.id, partition: 0, epoch, leader }],
      }).elected;
    expect(complete(2, 1)).toBe(0);
    expect(complete(2, 3)).toBe(0);
    expect(complete(1, 2)).toBe(0);
    expect(complete(2, 2)).toBe(1);
    expect(story.partition()).toMatchObject({ leader: 2, leaderEpoch: 2 });
    expect(complete(3, 2)).toBe(0);
  });

  it('does not elect one that is not eligible', () => {
    const story = quorum();
    story.restart(2, { directoryId: directoryOf(2, 1) });
    story.heartbeat(2);
    story.happen(changed({ leader: -1 }));
    const [topicId] = [...story.state.topicsById.keys()];
    const elections = [{ topicId: topicId!, partition: 0, epoch: 2, leader: 2 }];
    expect(story.decide({ type: 'CompleteElections', elections })).toEqual({ elected: 0 });
  });
});
