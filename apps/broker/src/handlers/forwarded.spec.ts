/** Requests for the controller that reach another broker: passed on, asked again, or answered with what is certain. */
import { ErrorCode, ZERO_UUID, completed, createTopicsApi, type CreateTopicsResponse } from '@tidemark/wire';
import { ActiveController } from '../peers/active-controller.js';
import { PeerFailure, type PeerFailureKind } from '../peers/peer-failure.js';
import type { Peer, Peers } from '../peers/peers.js';
import { Deadlines } from '../replicas/deadlines.js';
import { ManualClock } from '../testing/manual-clock.js';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';
import type { BrokerContext, RequestContext } from './handler.js';

const VERSION = 7;
const REQUEST = completed(createTopicsApi.request, VERSION, {
  topics: [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  timeoutMs: 1000,
});
const answerOf = (errorCode: number): CreateTopicsResponse => ({
  topics: [{ name: 't', topicId: ZERO_UUID, errorCode }],
});
const DONE = answerOf(ErrorCode.NONE);
const NOT_CONTROLLER = answerOf(ErrorCode.NOT_CONTROLLER);

/** A broker that is not the controller, whose peers do what the spec says. */
function setUp(script: readonly (CreateTopicsResponse | PeerFailureKind)[]) {
  const clock = new ManualClock();
  const world = { active: false, leaderId: 2 };
  const outcomes = [...script];
  const sent: { to: number; version: number; timeoutMs: number }[] = [];
  const peer = (to: number): Peer => ({
    request: (api, version, _request, timeoutMs, done) => {
      sent.push({ to, version, timeoutMs });
      const outcome = outcomes.shift();
      if (outcome === undefined) return;
      clock.defer(() => {
        if (typeof outcome === 'string') done(new PeerFailure(outcome, 'no'));
        else done(completed(api.response, version, outcome as never));
      });
    },
  });
  const activeController = new ActiveController({
    peers: { to: peer } as unknown as Peers,
    clock,
    deadlines: new Deadlines(clock),
    leaderId: () => world.leaderId,
  });
  const broker = { activeController, controller: world } as unknown as BrokerContext;
  const here: CreateTopicsResponse = answerOf(ErrorCode.TOPIC_ALREADY_EXISTS);
  const handler = defineForwardedHandler(
    controllerApis.createTopics,
    () => (_request, _context, respond) => respond(here),
  )(broker);
  const answers: number[] = [];
  const context = { apiVersion: VERSION, clientId: 'client', closed: false, stopping: false };
  const ask = (over: Partial<typeof context> = {}): void =>
    handler.handle(REQUEST, { ...context, ...over } as RequestContext, (answer) =>
      answers.push((answer as CreateTopicsResponse).topics[0]?.errorCode ?? -1),
    );
  return { clock, world, sent, answers, ask };
}

describe('a request for the controller', () => {
  it('is handled here where this broker is it', () => {
    const { world, sent, answers, ask } = setUp([]);
    world.active = true;
    ask();
    expect(answers).toEqual([ErrorCode.TOPIC_ALREADY_EXISTS]);
    expect(sent).toEqual([]);
  });

  it('is passed on in the same version, with the time that its client waits, and its answer passed back', () => {
    const { clock, sent, answers, ask } = setUp([DONE]);
    ask();
    clock.turn();
    expect(sent).toEqual([{ to: 2, version: VERSION, timeoutMs: 1000 }]);
    expect(answers).toEqual([ErrorCode.NONE]);
  });

  it('that another broker passed on is not passed on again', () => {
    const { sent, answers, ask } = setUp([DONE]);
    ask({ clientId: 'tidemark-broker-3' });
    expect(sent).toEqual([]);
    expect(answers).toEqual([ErrorCode.TOPIC_ALREADY_EXISTS]);
  });

  it.each([
    ['nobody is there', 'refused'],
    ['there is no way', 'unreachable'],
    ['who was asked is not it', NOT_CONTROLLER],
  ] as const)('is sent again after a moment when %s', (_name, first) => {
    const { clock, world, sent, answers, ask } = setUp([first, DONE]);
    ask();
    clock.turn();
    world.leaderId = 3;
    clock.advance(100);
    expect(sent.map(({ to }) => to)).toEqual([2, 3]);
    expect(sent[1]?.timeoutMs).toBeLessThan(1000);
    expect(answers).toEqual([ErrorCode.NONE]);
  });

  it('waits for somebody to lead', () => {
    const { clock, world, sent, answers, ask } = setUp([DONE]);
    world.leaderId = -1;
    ask();
    clock.advance(500);
    expect(sent).toEqual([]);
    world.leaderId = 3;
    clock.advance(100);
    expect(answers).toEqual([ErrorCode.NONE]);
  });

  it('is refused when nobody led in its time: certainly nothing was done', () => {
    const { clock, world, answers, ask } = setUp([]);
    world.leaderId = -1;
    ask();
    clock.advance(1000);
    expect(answers).toEqual([ErrorCode.NOT_CONTROLLER]);
  });

  it.each(['timeout', 'closed', 'protocol'] as const)(
    'whose fate is not known (%s) is not sent again, and its client told so',
    (kind) => {
      const { clock, sent, answers, ask } = setUp([kind, DONE]);
      ask();
      clock.advance(1000);
      expect(sent).toHaveLength(1);
      expect(answers).toEqual([ErrorCode.REQUEST_TIMED_OUT]);
    },
  );

  it('is not sent again when nobody waits for it any more', () => {
    const { clock, sent, answers, ask } = setUp([NOT_CONTROLLER, DONE]);
    ask({ stopping: true });
    clock.advance(1000);
    expect(sent).toHaveLength(1);
    expect(answers).toEqual([ErrorCode.NOT_CONTROLLER]);
  });
});
