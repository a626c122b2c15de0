/** When the active controller fences: broken connections, dials, silence, its own election and its own pauses. */
import { pino } from 'pino';
import { ErrorCode } from '@tidemark/wire';
import { Deadlines } from '../../replicas/deadlines.js';
import { ClusterStory, brokers, incarnationOf, topic } from '../../testing/cluster-story.js';
import { ManualClock } from '../../testing/manual-clock.js';
import { ScriptedController } from '../../testing/scripted-controller.js';
import { ScriptedPeers } from '../../testing/scripted-peers.js';
import { BrokerSessions } from './broker-sessions.js';

const SESSION_MS = 3000;

function setUp() {
  const clock = new ManualClock();
  const story = new ClusterStory([...brokers(3), ...topic()]);
  const controller = new ScriptedController(story);
  const scripted = new ScriptedPeers();
  const sessions = new BrokerSessions({
    controller,
    peers: scripted.peers,
    clock,
    deadlines: new Deadlines(clock),
    logger: pino({ level: 'silent' }),
    brokerId: 1,
    sessionTimeoutMs: SESSION_MS,
  });
  const closers = new Map<number, () => void>();
  const hear = (id: number, connectionId = id): void =>
    sessions.heard(id, story.epochOf(id), {
      connectionId,
      closed: false,
      onClosed: (listener) => closers.set(connectionId, () => listener(true)),
    });
  const fenced = (id: number): boolean | undefined => story.state.brokers.get(id)?.fenced;
  const probe = (brokerId: number, outcome: 'refused' | 'connected' | 'unanswered'): void => {
    const index = scripted.probes.findIndex((probed) => probed.brokerId === brokerId);
    const [found] = scripted.probes.splice(index, 1);
    found!.end(outcome);
  };
  /** Everybody is connected and the dials of the election have found somebody. */
  const settle = (): void => {
    controller.become(true);
    for (const id of [2, 3]) probe(id, 'connected');
    for (const id of [1, 2, 3]) hear(id);
  };
  return { clock, story, controller, scripted, sessions, closers, hear, fenced, probe, settle };
}

describe('broker sessions', () => {
  it('fence a broker at once whose connection broke when nobody listens there', () => {
    const { closers, scripted, fenced, probe, settle, story } = setUp();
    settle();
    closers.get(2)!();
    expect(scripted.probes.map(({ brokerId }) => brokerId)).toEqual([2]);
    probe(2, 'refused');
    expect(fenced(2)).toBe(true);
    expect(story.partition().isr).toEqual([1, 3]);
  });

  it.each(['connected', 'unanswered'] as const)('leave it to the session when the dial is %s', (outcome) => {
    const { clock, closers, fenced, hear, probe, settle } = setUp();
    settle();
    closers.get(2)!();
    probe(2, outcome);
    expect(fenced(2)).toBe(false);
    for (let waited = 0; waited < SESSION_MS; waited += 100) {
      clock.advance(100);
      hear(1);
      hear(3);
    }
    clock.advance(200);
    expect([fenced(1), fenced(2), fenced(3)]).toEqual([false, true, false]);
  });

  it('dial again when a dying broker is still connected to', () => {
    const { clock, closers, scripted, fenced, probe, settle } = setUp();
    settle();
    closers.get(2)!();
    probe(2, 'connected');
    clock.advance(60);
    expect(scripted.probes.map(({ brokerId }) => brokerId)).toEqual([2]);
    probe(2, 'refused');
    expect(fenced(2)).toBe(true);
  });

  it('do not dial again whom they hear from', () => {
    const { clock, closers, scripted, hear, probe, settle } = setUp();
    settle();
    closers.get(2)!();
    probe(2, 'connected');
    hear(2, 20);
    clock.advance(100);
    expect(scripted.probes).toEqual([]);
  });

  it('do not mind the end of a connection that the broker has replaced', () => {
    const { closers, scripted, hear, settle } = setUp();
    settle();
    hear(2, 20);
    closers.get(2)!();
    expect(scripted.probes).toEqual([]);
  });

  it('begin anew at an election, with a dial to everybody that should be alive', () => {
    const { clock, controller, scripted, fenced, probe, story } = setUp();
    story.fence(3);
    controller.become(true);
    expect(scripted.probes.map(({ brokerId }) => brokerId)).toEqual([2]);
    probe(2, 'unanswered');
    for (let waited = 0; waited < SESSION_MS - 100; waited += 100) clock.advance(100);
    expect(fenced(2)).toBe(false);
    clock.advance(100);
    clock.advance(200);
    expect(fenced(2)).toBe(true);
  });

  it('fence the former controller when the dial of the election is refused', () => {
    const { controller, fenced, probe } = setUp();
    controller.become(true);
    probe(2, 'refused');
    expect(fenced(2)).toBe(true);
  });

  it('fence nobody for a pause of their own process', () => {
    const { clock, settle, fenced } = setUp();
    settle();
    clock.advance(50);
    clock.pass(60_000);
    clock.advance(200);
    expect([fenced(1), fenced(2), fenced(3)]).toEqual([false, false, false]);
  });

  it('fence nobody any more when another broker decides', () => {
    const { clock, controller, closers, fenced, probe, settle } = setUp();
    settle();
    closers.get(2)!();
    controller.become(false);
    probe(2, 'refused');
    clock.advance(2 * SESSION_MS);
    expect([fenced(2), fenced(3)]).toEqual([false, false]);
    expect(controller.commands).toEqual([]);
  });

  it('do not fence a broker that has registered anew since the dial', () => {
    const { closers, fenced, probe, settle, story } = setUp();
    settle();
    closers.get(2)!();
    story.restart(2);
    story.heartbeat(2);
    probe(2, 'refused');
    expect(fenced(2)).toBe(false);
  });

  it('try again when the fence was not written', () => {
    const { clock, controller, closers, fenced, hear, probe, settle } = setUp();
    settle();
    controller.refuseWith = ErrorCode.REQUEST_TIMED_OUT;
    closers.get(2)!();
    probe(2, 'refused');
    expect(fenced(2)).toBe(false);
    controller.refuseWith = undefined;
    clock.advance(100);
    hear(3);
    expect(fenced(2)).toBe(true);
  });

  it('contest the id of a broker that is heard from, until its connection ends', () => {
    const { closers, sessions, settle } = setUp();
    settle();
    expect(sessions.contests(2, incarnationOf(2, 1))).toBe(true);
    expect(sessions.contests(2, incarnationOf(2))).toBe(false);
    closers.get(2)!();
    expect(sessions.contests(2, incarnationOf(2, 1))).toBe(false);
  });
});
