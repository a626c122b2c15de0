/** Proposals on their way to the active controller: what shares a request, and what each is told. */
import { ErrorCode } from '@tidemark/wire';
import { ClusterStory, TOPIC, brokers } from '../../testing/cluster-story.js';
import { ManualClock } from '../../testing/manual-clock.js';
import { ScriptedController } from '../../testing/scripted-controller.js';
import { ScriptedPeers, refused } from '../../testing/scripted-peers.js';
import { IsrProposals } from './isr-proposals.js';

function setUp() {
  const clock = new ManualClock();
  const controller = new ScriptedController(new ClusterStory(brokers(3)));
  const scripted = new ScriptedPeers();
  const peers = scripted.peers;
  const proposals = new IsrProposals({ controller, peers, clock, brokerId: 2, brokerEpoch: () => 5 });
  const told: [number, unknown][] = [];
  const propose = (partition: number): void => {
    const epochs = { leaderEpoch: 3, partitionEpoch: 4 };
    const newIsr = [{ brokerId: 2, brokerEpoch: 5 }];
    proposals.propose({ topicId: TOPIC, partition, ...epochs, newIsr, recovering: false }, (answer) =>
      told.push([partition, answer]),
    );
  };
  const decided = (partitionIndex: number, errorCode: ErrorCode = ErrorCode.NONE) => {
    const now = { leaderId: 2, leaderEpoch: 3, isr: [2], leaderRecoveryState: 0, partitionEpoch: 5 };
    return { partitionIndex, errorCode, ...now };
  };
  return { clock, controller, scripted, told, propose, decided };
}

describe('proposals', () => {
  it('of one turn share a request; those that come meanwhile share the next', () => {
    const { clock, scripted, told, propose, decided } = setUp();
    propose(0);
    propose(1);
    clock.turn();
    propose(2);
    clock.turn();
    expect(scripted.asked).toHaveLength(1);
    const first = scripted.next();
    expect(first).toMatchObject({
      brokerId: 1,
      request: {
        brokerId: 2,
        brokerEpoch: 5,
        topics: [{ topicId: TOPIC, partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }],
      },
    });
    const partitions = [decided(0), decided(1, ErrorCode.INELIGIBLE_REPLICA)];
    first.answer({ errorCode: ErrorCode.NONE, topics: [{ topicId: TOPIC, partitions }] });
    expect(told).toEqual([
      [0, { error: ErrorCode.NONE, leader: 2, leaderEpoch: 3, isr: [2], partitionEpoch: 5 }],
      [1, { error: ErrorCode.INELIGIBLE_REPLICA }],
    ]);
    clock.turn();
    expect(scripted.next().request).toMatchObject({ topics: [{ partitions: [{ partitionIndex: 2 }] }] });
  });

  it.each([
    ['no connection', refused, ErrorCode.NETWORK_EXCEPTION],
    ['a refusal of all', { errorCode: ErrorCode.NOT_CONTROLLER, topics: [] }, ErrorCode.NOT_CONTROLLER],
    ['an answer without it', { errorCode: ErrorCode.NONE, topics: [] }, ErrorCode.NETWORK_EXCEPTION],
  ])('are told of %s', (_, answer, error) => {
    const { clock, scripted, told, propose } = setUp();
    propose(0);
    clock.turn();
    scripted.next().answer(answer);
    expect(told).toEqual([[0, { error }]]);
  });

  it('are not kept while nobody decides', () => {
    const { clock, controller, scripted, told, propose } = setUp();
    controller.leaderId = -1;
    propose(0);
    clock.turn();
    clock.turn();
    expect(told).toEqual([[0, { error: ErrorCode.NETWORK_EXCEPTION }]]);
    controller.leaderId = 1;
    clock.turn();
    propose(0);
    clock.turn();
    expect(scripted.asked).toHaveLength(1);
  });
});
