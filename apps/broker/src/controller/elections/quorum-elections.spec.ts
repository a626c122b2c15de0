/** Elections of quorum partitions: who is asked what, what counts, and what becomes of an election that is overtaken. */
import { ErrorCode } from '@tidemark/wire';
import { pino } from 'pino';
import { Deadlines } from '../../replicas/deadlines.js';
import { ClusterStory, QUORUM, TOPIC, brokers, changed, topic } from '../../testing/cluster-story.js';
import { ManualClock } from '../../testing/manual-clock.js';
import { ScriptedController } from '../../testing/scripted-controller.js';
import { ScriptedPeers, refused } from '../../testing/scripted-peers.js';
import type { AskedOfPeer } from '../../testing/scripted-peers.js';
import { QuorumElections } from './quorum-elections.js';

function setUp() {
  const clock = new ManualClock();
  const story = new ClusterStory([...brokers(3), ...topic(QUORUM)]);
  story.state.takeDelta();
  const controller = new ScriptedController(story);
  const scripted = new ScriptedPeers();
  const elections = new QuorumElections({
    controller,
    peers: scripted.peers,
    clock,
    deadlines: new Deadlines(clock),
    logger: pino({ level: 'silent' }),
    brokerId: 1,
    clusterId: 'cluster',
  });
  const fence = (id: number): void => {
    story.fence(id);
    controller.tell();
    clock.turn();
  };
  const promise = (asked: AskedOfPeer, epoch: number, logEnd: number, lastEpoch = 0): void => {
    const partitions = [{ partition: 0, errorCode: ErrorCode.NONE, epoch, lastEpoch, logEnd }];
    asked.answer({ errorCode: ErrorCode.NONE, topics: [{ topicId: TOPIC, partitions }] });
    clock.turn();
  };
  /** The request to a broker, taken out of those that wait. */
  const askedOf = (id: number): AskedOfPeer => {
    const index = scripted.asked.findIndex(({ brokerId }) => brokerId === id);
    return scripted.asked.splice(index, 1)[0]!;
  };
  return { clock, story, controller, scripted, elections, fence, promise, askedOf };
}

describe('an election', () => {
  it('fences the eligible replicas at the next epoch and completes with what a majority has', () => {
    const { controller, scripted, fence, promise, askedOf, story } = setUp();
    controller.become(true);
    fence(1);
    expect(scripted.asked.map(({ brokerId }) => brokerId)).toEqual([1, 2, 3]);
    expect(scripted.asked[1]?.request).toMatchObject({
      clusterId: 'cluster',
      controllerId: 1,
      topics: [{ topicId: TOPIC, partitions: [{ partition: 0, epoch: 2 }] }],
    });
    promise(askedOf(2), 2, 5);
    expect(story.partition().leader).toBe(-1);
    promise(askedOf(3), 2, 7);
    expect(story.partition()).toMatchObject({ leader: 3, leaderEpoch: 2 });
  });

  it('waits a moment for living replicas that have not answered, and no longer', () => {
    const { clock, controller, promise, askedOf, story } = setUp();
    controller.become(true);
    story.happen(changed({ leader: -1 }));
    controller.tell();
    clock.turn();
    promise(askedOf(2), 2, 5);
    promise(askedOf(3), 2, 5);
    expect(story.partition().leader).toBe(-1);
    clock.advance(31);
    clock.turn();
    expect(story.partition()).toMatchObject({ leader: 2, leaderEpoch: 2 });
  });

  it('does not count a promise for another epoch', () => {
    const { controller, fence, promise, askedOf, story } = setUp();
    controller.become(true);
    fence(1);
    promise(askedOf(2), 2, 5);
    promise(askedOf(3), 1, 7);
    expect(story.partition().leader).toBe(-1);
  });

  it('asks again, with longer pauses, until somebody answers', () => {
    const { clock, controller, scripted, fence, promise, askedOf, story } = setUp();
    controller.become(true);
    fence(1);
    promise(askedOf(2), 2, 5);
    for (const pause of [25, 50, 100, 200, 400, 400]) {
      askedOf(3).answer(refused);
      clock.advance(pause - 1);
      expect(scripted.asked.some(({ brokerId }) => brokerId === 3)).toBe(false);
      clock.advance(1);
      clock.turn();
    }
    promise(askedOf(3), 2, 5);
    expect(story.partition().leader).toBe(2);
  });

  it('begins anew on another controller, at the same epoch', () => {
    const { clock, controller, scripted, fence, promise, askedOf, story } = setUp();
    controller.become(true);
    fence(1);
    promise(askedOf(2), 2, 5);
    const late = askedOf(3);
    controller.become(false);
    promise(late, 2, 9);
    expect(story.partition().leader).toBe(-1);
    scripted.asked.length = 0;
    controller.become(true);
    clock.turn();
    expect(scripted.asked.map(({ brokerId }) => brokerId)).toEqual([1, 2, 3]);
    promise(askedOf(2), 2, 5);
    promise(askedOf(3), 2, 5);
    expect(story.partition()).toMatchObject({ leader: 2, leaderEpoch: 2 });
  });

  it('asks anew when its result was not written', () => {
    const { clock, controller, scripted, fence, promise, askedOf, story } = setUp();
    controller.become(true);
    fence(1);
    controller.refuseWith = ErrorCode.REQUEST_TIMED_OUT;
    promise(askedOf(2), 2, 5);
    promise(askedOf(3), 2, 5);
    expect(story.partition().leader).toBe(-1);
    controller.refuseWith = undefined;
    clock.advance(25);
    clock.turn();
    expect(scripted.asked.filter(({ brokerId }) => brokerId !== 1)).toHaveLength(2);
    promise(askedOf(2), 2, 5);
    promise(askedOf(3), 2, 5);
    expect(story.partition().leader).toBe(2);
  });

  it('leaves alone partitions of other topics, and all while another broker decides', () => {
    const { clock, controller, scripted, elections, fence } = setUp();
    fence(1);
    clock.turn();
    expect(scripted.asked).toEqual([]);
    expect(elections.underWay).toBe(0);
    expect(controller.commands).toEqual([]);
  });
});
