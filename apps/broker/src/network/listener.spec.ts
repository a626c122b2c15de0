/** The listener with real sockets: who waits, who is turned away, and who is closed for being slow. */
import { pino } from 'pino';
import { metadataApi } from '@tidemark/wire';
import type { Address, Connection, Network } from '@tidemark/platform';
import { defineHandler, type BrokerContext } from '../handlers/handler.js';
import { BrokerMetrics } from '../metrics.js';
import { requestFrame } from '../testing/kafka-frames.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ScriptedConnection } from '../testing/scripted-connection.js';
import { Tick } from '../tick.js';
import { Dispatch } from './dispatch.js';
import { Listener } from './listener.js';

/** A listener whose connections a spec makes. */
async function setUp(
  limits: { connectionsMax?: number; connectionsPerIpMax?: number; idleMaxMs?: number } = {},
) {
  const clock = new ManualClock();
  const metrics = new BrokerMetrics();
  const logger = pino({ level: 'silent' });
  const answers: (() => void)[] = [];
  const parked = defineHandler(metadataApi, () => (_request, _context, respond) => {
    answers.push(() => respond({ brokers: [], topics: [] }));
  });
  let accept: (connection: Connection) => void = () => undefined;
  const network: Network = {
    listen: (address: Address, onConnection) => {
      accept = onConnection;
      return Promise.resolve({ address, close: () => Promise.resolve() });
    },
    connect: () => Promise.reject(new Error('nobody connects from here')),
  };
  const listener = new Listener({
    network,
    clock,
    tick: new Tick(clock),
    logger,
    metrics,
    dispatch: new Dispatch({
      handlers: [parked({} as BrokerContext)],
      metrics,
      logger,
      clock,
      settings: { 'tail.cache.bytes': 65_536 },
    }),
    requestBytesMax: 1_000_000,
    connectionsMax: 100,
    connectionsPerIpMax: 100,
    idleMaxMs: 600_000,
    ...limits,
  });
  const address = { host: '127.0.0.1', port: 9092 };
  await listener.listen(address, { host: 'outside', port: 0 });
  const connect = (): ScriptedConnection => {
    const peer = new ScriptedConnection();
    accept(peer);
    return peer;
  };
  return { clock, metrics, listener, connect, answers };
}

const frame = requestFrame(metadataApi, { version: 4 }, { topics: null });

describe('listener', () => {
  it('keeps those waiting who come before the broker is ready, and serves them then', async () => {
    const { listener, connect } = await setUp();
    const early = connect();
    expect(listener.connections).toBe(0);
    expect(early.destroyed).toBe(false);
    listener.serve();
    expect(listener.connections).toBe(1);
  });

  it.each([
    { limits: { connectionsMax: 2 }, reason: 'too-many-connections' as const },
    { limits: { connectionsPerIpMax: 2 }, reason: 'too-many-connections-per-ip' as const },
  ])('refuses the third connection: $reason', async ({ limits, reason }) => {
    const { metrics, listener, connect } = await setUp(limits);
    listener.serve();
    const [first, , third] = [connect(), connect(), connect()];
    expect(third.destroyed).toBe(true);
    expect(metrics.closedConnections(reason)).toBe(1);
    first.peerCloses();
    expect(connect().destroyed).toBe(false);
  });

  it('closes who asks nothing for long, and not who waits for an answer', async () => {
    const { clock, metrics, listener, connect, answers } = await setUp({ idleMaxMs: 5_000 });
    listener.serve();
    const idle = connect();
    const waiting = connect();
    waiting.deliver(frame);
    clock.advance(4_000);
    expect(idle.destroyed).toBe(false);
    clock.advance(4_000);
    expect(idle.destroyed).toBe(true);
    expect(waiting.destroyed).toBe(false);
    expect(metrics.closedConnections('idle')).toBe(1);
    answers[0]?.();
    clock.advance(8_000);
    expect(waiting.destroyed).toBe(true);
  });

  it('closes who begins a frame and does not finish it, even when it sends a byte now and then', async () => {
    const { clock, metrics, listener, connect } = await setUp();
    listener.serve();
    const silent = connect();
    const drip = connect();
    silent.deliver(frame.subarray(0, 6));
    for (let at = 0; at < 10; at++) {
      drip.deliver(frame.subarray(at, at + 1));
      clock.advance(5_000);
    }
    expect(silent.destroyed).toBe(true);
    expect(drip.destroyed).toBe(true);
    expect(metrics.closedConnections('frame-timeout')).toBe(2);
  });

  it('closes who does not read', async () => {
    const { clock, metrics, listener, connect, answers } = await setUp();
    listener.serve();
    const peer = connect();
    peer.peerReads = false;
    peer.deliver(frame);
    answers[0]?.();
    clock.advance(40_000);
    expect(peer.destroyed).toBe(true);
    expect(metrics.closedConnections('slow-reader')).toBe(1);
  });

  it('lets go of everybody when it stops, of those who wait after a while', async () => {
    const { clock, metrics, listener, connect } = await setUp();
    listener.serve();
    const idle = connect();
    const waiting = connect();
    waiting.deliver(frame);
    await listener.drain();
    expect(idle.ended).toBe(true);
    const closing = listener.close(1_000);
    clock.advance(1_100);
    await closing;
    expect(waiting.destroyed).toBe(true);
    expect(metrics.closedConnections('shutdown')).toBe(2);
    expect(connect().destroyed).toBe(true);
  });
});
