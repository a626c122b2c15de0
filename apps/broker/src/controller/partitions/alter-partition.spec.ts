/** A leader's proposal of another ISR: every check, in Kafka's order, named after the bugs that they prevent. */
import { given } from '@tidemark/decider';
import { ErrorCode } from '@tidemark/wire';
import {
  ClusterStory,
  QUORUM,
  brokers,
  changed,
  decider,
  proposal,
  registered,
  stateOf,
  topic,
} from '../../testing/cluster-story.js';
import type { ControllerEvent } from '../controller-events.js';
import type { AlterPartition, AlterPartitionReply } from './alter-partition.js';

const CLUSTER_OF_THREE = [...brokers(3), ...topic()];
const answerTo = (events: readonly ControllerEvent[], command: AlterPartition): ErrorCode | undefined => {
  const decision = decider.decide(stateOf(events), command);
  const reply = (decision as { reply: AlterPartitionReply }).reply;
  return 'error' in reply ? reply.error : reply.results[0]?.error;
};

describe('AlterPartition', () => {
  it('shrinks the ISR without a new leader epoch, and answers with what is then true', () => {
    given(decider, CLUSTER_OF_THREE)
      .when(proposal(1, [1, 3]))
      .then([changed({ isr: [1, 3] })], {
        results: [
          {
            topicId: '00000000-0000-4000-8000-000000000001',
            partition: 0,
            error: ErrorCode.NONE,
            leader: 1,
            leaderEpoch: 0,
            isr: [1, 3],
            partitionEpoch: 1,
            recovering: false,
          },
        ],
      });
  });

  it('does nothing for the ISR that is, in whatever order', () => {
    given(decider, CLUSTER_OF_THREE)
      .when(proposal(1, [3, 1, 2]))
      .then([]);
  });

  it.each<[string, readonly ControllerEvent[], AlterPartition, ErrorCode]>([
    [
      'another broker epoch of the sender',
      CLUSTER_OF_THREE,
      { ...proposal(1, [1]), brokerEpoch: 9 },
      ErrorCode.STALE_BROKER_EPOCH,
    ],
    [
      'an unknown topic',
      CLUSTER_OF_THREE,
      proposal(1, [1], { topicId: '00000000-0000-4000-8000-000000000009' }),
      ErrorCode.UNKNOWN_TOPIC_ID,
    ],
    [
      'an unknown partition',
      CLUSTER_OF_THREE,
      proposal(1, [1], { partition: 5 }),
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ],
    [
      'a leader epoch from the future',
      CLUSTER_OF_THREE,
      proposal(1, [1], { leaderEpoch: 1 }),
      ErrorCode.NOT_CONTROLLER,
    ],
    [
      'a partition epoch from the future',
      CLUSTER_OF_THREE,
      proposal(1, [1], { partitionEpoch: 1 }),
      ErrorCode.NOT_CONTROLLER,
    ],
    [
      'an old leader epoch, before it looks who asks',
      [...CLUSTER_OF_THREE, changed({ leader: 2 })],
      proposal(1, [1], { partitionEpoch: 1 }),
      ErrorCode.FENCED_LEADER_EPOCH,
    ],
    ['a sender that does not lead', CLUSTER_OF_THREE, proposal(2, [2]), ErrorCode.INVALID_REQUEST],
    [
      'an old partition epoch (kip497 singleInFlight)',
      [...CLUSTER_OF_THREE, changed({ isr: [1, 2] })],
      proposal(1, [1]),
      ErrorCode.INVALID_UPDATE_VERSION,
    ],
    ['a stranger in the ISR', [...brokers(4), ...topic()], proposal(1, [1, 4]), ErrorCode.INVALID_REQUEST],
    ['a member twice', CLUSTER_OF_THREE, proposal(1, [1, 1]), ErrorCode.INVALID_REQUEST],
    ['nobody', CLUSTER_OF_THREE, proposal(1, []), ErrorCode.INVALID_REQUEST],
    [
      'an ISR of others than were in it',
      [...brokers(4), ...topic()],
      proposal(1, [2, 4]),
      ErrorCode.INVALID_REQUEST,
    ],
    [
      'more than the leader while it recovers',
      [...CLUSTER_OF_THREE, changed({ isr: [1], recovering: true })],
      proposal(1, [1, 2], { partitionEpoch: 1, recovering: true }),
      ErrorCode.INVALID_REQUEST,
    ],
    [
      'recovery that was never needed',
      CLUSTER_OF_THREE,
      proposal(1, [1], { recovering: true }),
      ErrorCode.INVALID_REQUEST,
    ],
    [
      'a fenced member (kip841)',
      [...brokers(2), registered(3, true), ...topic(), changed({ isr: [1, 2] })],
      proposal(1, [1, 2, 3], { partitionEpoch: 1 }),
      ErrorCode.INELIGIBLE_REPLICA,
    ],
    [
      'a member that is shutting down (kip841)',
      [
        ...brokers(3),
        ...topic(),
        { type: 'BrokerShutdownBegan', brokerId: 3, epoch: 2 },
        changed({ isr: [1, 2] }),
      ],
      proposal(1, [1, 2, 3], { partitionEpoch: 1 }),
      ErrorCode.INELIGIBLE_REPLICA,
    ],
    [
      'a member that has started anew since it fetched (kip903 staleBrokerEpoch)',
      [...CLUSTER_OF_THREE, changed({ isr: [1, 2] }), registered(3)],
      proposal(1, [1, 2, 3], { partitionEpoch: 1 }),
      ErrorCode.INELIGIBLE_REPLICA,
    ],
  ])('refuses %s', (_, events, command, error) => {
    expect(answerTo(events, command)).toBe(error);
    expect(decider.decide(stateOf(events), command)).toMatchObject({ events: [] });
  });

  it('refuses the second of two proposals for one partition in one request', () => {
    const [one] = proposal(1, [1, 2]).partitions;
    const both = { ...proposal(1, []), partitions: [one!, one!] };
    given(decider, CLUSTER_OF_THREE)
      .when(both)
      .then([changed({ isr: [1, 2] })]);
  });

  it('a recovering leader says that it is done, and may then have others in sync', () => {
    const story = new ClusterStory([...CLUSTER_OF_THREE, changed({ isr: [1], recovering: true })]);
    expect(story.propose([1])).toMatchObject({ error: ErrorCode.NONE, recovering: false });
    expect(story.propose([1, 2])).toMatchObject({ error: ErrorCode.NONE, isr: [1, 2] });
  });

  it('keeps a fenced replica of a quorum topic eligible, and takes in only the living', () => {
    const story = new ClusterStory([...brokers(3), ...topic(QUORUM)]);
    story.fence(3);
    expect(story.propose([1, 3])).toMatchObject({ error: ErrorCode.NONE, isr: [1, 3] });
    story.fence(2);
    expect(story.propose([1, 2, 3])).toMatchObject({ error: ErrorCode.INELIGIBLE_REPLICA });
  });
});
