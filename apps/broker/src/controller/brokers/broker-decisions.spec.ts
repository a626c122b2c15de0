/** The controller's decisions on brokers: registration, heartbeats, stopping in order, and being forgotten. */
import { given } from '@tidemark/decider';
import { ErrorCode } from '@tidemark/wire';
import {
  CLUSTER,
  ClusterStory,
  brokers,
  changed,
  decider,
  directoryOf,
  incarnationOf,
  registered,
  topic,
} from '../../testing/cluster-story.js';
import type { RegisterBroker } from './register-broker.js';

const register = (brokerId: number, rest: Partial<RegisterBroker> = {}): RegisterBroker => ({
  type: 'RegisterBroker',
  brokerId,
  clusterId: CLUSTER,
  incarnationId: incarnationOf(brokerId),
  host: 'h',
  port: 9000 + brokerId,
  rack: null,
  directoryId: directoryOf(brokerId),
  previousBrokerEpoch: -1,
  contested: false,
  ...rest,
});
const again = { incarnationId: incarnationOf(1, 1), previousBrokerEpoch: 0 };

describe('RegisterBroker', () => {
  it('begins fenced; the same incarnation again changes nothing and hears its epoch', () => {
    given(decider, [])
      .when(register(1))
      .then([registered(1, true)]);
    given(decider, [registered(1)])
      .when(register(1))
      .then([], { error: ErrorCode.NONE, epoch: 0 });
  });

  it('answers the offset of the registration as its epoch', () => {
    const story = new ClusterStory(brokers(2));
    expect(story.decide(register(3))).toEqual({ error: ErrorCode.NONE, epoch: 2 });
  });

  it('takes the leadership and the ISRs from the incarnation before', () => {
    given(decider, [...brokers(3), ...topic()])
      .when(register(1, again))
      .then([
        { ...registered(1, true), ...{ incarnationId: again.incarnationId } },
        changed({ leader: 2, isr: [2, 3] }),
      ]);
  });

  it.each<[string, Partial<RegisterBroker>, ErrorCode]>([
    ['another cluster', { clusterId: 'other' }, ErrorCode.INCONSISTENT_CLUSTER_ID],
    ['no directory', { directoryId: '' }, ErrorCode.INVALID_REGISTRATION],
    ['the id of a living broker', { ...again, contested: true }, ErrorCode.DUPLICATE_BROKER_REGISTRATION],
  ])('refuses %s', (_, how, error) => {
    given(decider, brokers(1)).when(register(1, how)).then([], { error, epoch: -1 });
  });

  it('an older epoch than the last is an older state of the disk', () => {
    const story = new ClusterStory([...brokers(3), ...topic()]);
    for (const id of [1, 2, 3]) story.fence(id);
    story.decide(register(3, { incarnationId: incarnationOf(3, 1), previousBrokerEpoch: 1 }));
    expect(story.partition().elr).toEqual([2]);
  });
});

describe('BrokerHeartbeat', () => {
  it('unfences when the broker has folded its own registration, and not before', () => {
    const story = new ClusterStory([registered(1, true)]);
    const beat = (metadataOffset: number) =>
      story.decide({
        type: 'BrokerHeartbeat',
        brokerId: 1,
        brokerEpoch: 0,
        metadataOffset,
        wantFence: false,
        wantShutDown: false,
      });
    expect(beat(-1)).toMatchObject({ isCaughtUp: false, isFenced: true });
    expect(beat(0)).toMatchObject({ isCaughtUp: true, isFenced: false });
    expect(story.state.brokers.get(1)?.fenced).toBe(false);
  });

  it.each([
    ['an unknown broker', 9, 0, ErrorCode.BROKER_ID_NOT_REGISTERED],
    ['an old registration', 1, 7, ErrorCode.STALE_BROKER_EPOCH],
  ])('refuses %s', (_, brokerId, brokerEpoch, error) => {
    const beat = { metadataOffset: 0, wantFence: false, wantShutDown: false } as const;
    const story = new ClusterStory(brokers(1));
    expect(story.decide({ type: 'BrokerHeartbeat', brokerId, brokerEpoch, ...beat })).toMatchObject({
      error,
    });
  });

  it('fences a broker that wants to be, for as long as it does', () => {
    const story = new ClusterStory([...brokers(3), ...topic()]);
    expect(story.heartbeat(1, { wantFence: true })).toMatchObject({ isFenced: true });
    expect(story.partition()).toMatchObject({ leader: 2, isr: [2, 3] });
    expect(story.heartbeat(1)).toMatchObject({ isFenced: false });
  });

  it('moves leadership away before a broker stops, and says when it may', () => {
    const story = new ClusterStory([...brokers(3), ...topic()]);
    expect(story.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false });
    expect(story.partition()).toMatchObject({ leader: 2, isr: [2, 3] });
    expect(story.state.brokers.get(1)).toMatchObject({ fenced: false, inControlledShutdown: true });
    expect(story.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: true });
    expect(story.state.brokers.get(1)?.fenced).toBe(true);
    story.heartbeat(1);
    expect(story.state.brokers.get(1)?.fenced).toBe(true);
    story.restart(1);
    story.heartbeat(1);
    expect(story.state.brokers.get(1)).toMatchObject({ fenced: false, inControlledShutdown: false });
  });
});

describe('UnregisterBroker', () => {
  const forget = (story: ClusterStory, brokerId: number, voter = false) =>
    story.decide({ type: 'UnregisterBroker', brokerId, voter });

  it('forgets a broker that is stopped and empty', () => {
    const story = new ClusterStory([...brokers(4), ...topic()]);
    story.fence(4);
    expect(forget(story, 4)).toEqual({ error: ErrorCode.NONE, message: null });
    expect(story.state.brokers.has(4)).toBe(false);
  });

  it.each([
    ['an unknown one', 9, false, ErrorCode.BROKER_ID_NOT_REGISTERED, /not registered/],
    ['a voter', 4, true, ErrorCode.INVALID_REQUEST, /voter/],
    ['one with replicas', 3, false, ErrorCode.INVALID_REQUEST, /still holds 1 replicas/],
    ['a running one', 4, false, ErrorCode.INVALID_REQUEST, /running/],
  ])('does not forget %s', (_, brokerId, voter, error, message) => {
    const story = new ClusterStory([...brokers(4), ...topic()]);
    const answer = forget(story, brokerId, voter);
    expect(answer.error).toBe(error);
    expect(answer.message).toMatch(message);
  });
});
