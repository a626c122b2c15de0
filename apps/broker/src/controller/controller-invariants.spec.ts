/**
 * The controller under any sequence of what can happen to brokers and partitions: reliability.md's I14 after every
 * decision, and a snapshot at every step that leads to an equal state.
 */
import fc from 'fast-check';
import { fold } from '@tidemark/decider';
import { ClusterStory, brokers, decider, directoryOf, stateOf, topic } from '../testing/cluster-story.js';
import { decodeControllerEvent, encodeControllerEvent } from './metadata-records.js';
import type { MetadataState } from './metadata-state.js';
import type { PartitionImage } from './metadata-image.js';
import { quorumSets, replicationProtocol } from './metadata-image.js';
import { minInsyncReplicas } from './partitions/rules.js';

const BROKERS = 4;
const DEFAULTS = { partitions: 1, replicationFactor: 3, minInsyncReplicas: 2, uncleanElection: false };

type Step = (story: ClusterStory) => void;

const brokerId = fc.integer({ min: 1, max: BROKERS });
const set = (name: string, value: string): Step => {
  const operations = [{ name, operation: 'set', value } as const];
  const changes = [{ topic: 't', operations, replaceAll: false }];
  return (story) => void story.decide({ type: 'AlterConfigs', changes, validateOnly: false });
};
const subset = fc.uniqueArray(brokerId, { maxLength: BROKERS });
const [TOPIC_ID] = [...stateOf(topic()).topicsById.keys()];

const step: fc.Arbitrary<Step> = fc.oneof(
  brokerId.map(
    (id): Step =>
      (story) =>
        story.fence(id),
  ),
  brokerId.map(
    (id): Step =>
      (story) =>
        void story.heartbeat(id),
  ),
  brokerId.map(
    (id): Step =>
      (story) =>
        void story.heartbeat(id, { wantShutDown: true }),
  ),
  brokerId.map(
    (id): Step =>
      (story) =>
        void story.heartbeat(id, { wantFence: true }),
  ),
  fc.record({ id: brokerId, lossy: fc.boolean() }).map(
    ({ id, lossy }): Step =>
      (story) =>
        story.restart(id, { lossy }),
  ),
  brokerId.map(
    (id): Step =>
      (story) =>
        story.restart(id, { directoryId: directoryOf(id, story.events.length) }),
  ),
  fc.record({ isr: subset, recovering: fc.boolean() }).map(
    ({ isr, recovering }): Step =>
      (story) =>
        void story.propose(isr, recovering),
  ),
  brokerId.map((leader): Step => (story) => {
    const epoch = story.partition().leaderEpoch + 1;
    const elections = [{ topicId: TOPIC_ID!, partition: 0, epoch, leader }];
    story.decide({ type: 'CompleteElections', elections });
  }),
  fc.constantFrom<('preferred' | 'unclean')[]>('preferred', 'unclean').map((election): Step => (story) => {
    story.decide({ type: 'ElectLeaders', election, partitions: null });
  }),
  fc.option(subset).map((replicas): Step => (story) => {
    const partitions = [{ topic: 't', partition: 0, replicas }];
    story.decide({ type: 'AlterReassignments', partitions, allowReplicationFactorChange: true });
  }),
  fc.constantFrom('1', '2', '3').map((value) => set('min.insync.replicas', value)),
  fc.boolean().map((value) => set('unclean.leader.election.enable', String(value))),
);

function invariants(state: MetadataState, before: PartitionImage): void {
  const topicImage = state.topics.get('t')!;
  const [partition] = topicImage.partitions;
  const { leader, isr, elr, replicas, leaderEpoch, partitionEpoch, adding, removing } = partition!;
  const quorum = replicationProtocol(topicImage) === 'quorum';
  const fenced = (id: number): boolean => state.brokers.get(id)?.fenced !== false;
  expect(leader === -1 || isr.includes(leader)).toBe(true);
  if (leader !== -1) expect(fenced(leader)).toBe(false);
  expect(isr.filter((id) => elr.includes(id))).toEqual([]);
  expect([...isr, ...elr].filter((id) => !replicas.includes(id))).toEqual([]);
  expect(new Set(replicas).size).toBe(replicas.length);
  if (!quorum) expect(isr.filter(fenced)).toEqual([]);
  if (isr.length >= minInsyncReplicas({ defaults: DEFAULTS }, topicImage, partition!))
    expect(elr).toEqual([]);
  expect(leaderEpoch).toBeGreaterThanOrEqual(before.leaderEpoch);
  expect(partitionEpoch).toBeGreaterThanOrEqual(before.partitionEpoch);
  if (leader !== before.leader) expect(leaderEpoch).toBeGreaterThan(before.leaderEpoch);
  if (partition !== before) expect(partitionEpoch).toBeGreaterThan(before.partitionEpoch);
  expect(partition?.replicaSince).toHaveLength(replicas.length);
  expect(removing.filter((id) => !replicas.includes(id))).toEqual([]);
  // A quorum partition never changes by more than one replica at a time.
  if (quorum) {
    const [old = [], next = old] = quorumSets(partition!);
    expect(old.filter((id) => !next.includes(id)).length).toBeLessThanOrEqual(1);
    expect(next.filter((id) => !old.includes(id)).length).toBeLessThanOrEqual(1);
  } else expect(adding.filter((id) => !replicas.includes(id))).toEqual([]);
}

/** Everything that a snapshot has to bring back. */
function contentOf(state: MetadataState): unknown {
  const { clusterId, brokers: all, topics, topicsById, collisions, nextProducerId, position } = state;
  const deleted = [...state.deletedIds];
  return { clusterId, all, topics, topicsById, collisions, nextProducerId, position, deleted };
}

describe.each(['primary-backup', 'quorum'])('a cluster with a %s topic', (protocol) => {
  const begun = [
    ...brokers(BROKERS),
    ...topic({ configs: { 'replication.protocol': protocol, 'min.insync.replicas': '2' } }),
  ];

  it('keeps the controller’s invariants whatever happens', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const story = new ClusterStory(begun);
        for (const happen of steps) {
          const before = story.partition();
          happen(story);
          invariants(story.state, before);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('comes back from a snapshot as it was', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const story = new ClusterStory([
          ...begun,
          { type: 'TopicDeleted', topicId: directoryOf(9) },
          { type: 'ProducerIdBlockAllocated', brokerId: 1, nextProducerId: 3000 },
        ]);
        for (const happen of steps) happen(story);
        const last = story.state.position - 1;
        const loaded = decider.initial();
        for (const event of story.state.toEvents()) {
          loaded.evolve(decodeControllerEvent(encodeControllerEvent(event)), last);
        }
        expect(contentOf(loaded)).toEqual(contentOf(story.state));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a snapshot that replaces what was known', () => {
  it('tells listeners what is gone, what has changed and what is new', () => {
    const created = (n: number, name: string) =>
      ({ type: 'TopicCreated', topicId: directoryOf(n), name }) as const;
    const state = fold(decider, [...brokers(1), created(1, 'kept'), created(2, 'gone')]);
    state.takeDelta();
    const snapshot = [...brokers(1), created(1, 'kept'), created(3, 'new')];
    state.evolve({ type: 'SnapshotBegan' }, 10);
    for (const event of snapshot) state.evolve(event, 10);
    const delta = state.takeDelta();
    const names = (topics: readonly { name: string }[]): string[] => topics.map(({ name }) => name);
    expect(names(delta.createdTopics)).toEqual(['new']);
    expect(names(delta.changedTopics)).toEqual(['kept']);
    expect(names(delta.deletedTopics)).toEqual(['gone']);
    expect(state.wasDeleted(directoryOf(2))).toBe(true);
  });
});
