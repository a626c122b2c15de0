/** One connection to another broker, whose side a spec plays: the order of answers, time, rubbish, and the end. */
import { NetworkError, type Connection, type Network } from '@tidemark/platform';
import {
  ByteWriter,
  encodeResponse,
  fetchApi,
  metadataApi,
  writeFrame,
  writeResponseHeader,
  type Api,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';
import { Deadlines } from '../replicas/deadlines.js';
import { framesIn } from '../testing/kafka-frames.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ScriptedConnection } from '../testing/scripted-connection.js';
import { Tick } from '../tick.js';
import { Channel } from './channel.js';
import { PeerFailure } from './peer-failure.js';

const ADDRESS = { host: 'there', port: 9092 };

/** Lets the promises of a dial settle. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const clock = new ManualClock();
  const peer = new ScriptedConnection();
  let dialled: { resolve: (connection: Connection) => void; reject: (error: Error) => void } | undefined;
  const network: Network = {
    listen: () => Promise.reject(new Error('nobody listens here')),
    connect: () => new Promise((resolve, reject) => (dialled = { resolve, reject })),
  };
  const closed: PeerFailure[] = [];
  const channel = new Channel(ADDRESS, {
    network,
    clock,
    tick: new Tick(clock),
    deadlines: new Deadlines(clock),
    clientId: 'broker-1',
    dialTimeoutMs: 3000,
    answerBytesMax: 1_000_000,
    onClosed: (_channel, failure) => closed.push(failure),
  });
  const told: unknown[] = [];
  /** Asks for a number of milliseconds; what comes of it is in `told` under `name`. */
  const ask = (name: string, timeoutMs = 1000): void =>
    channel.request(metadataApi, 12, { topics: null }, timeoutMs, (answer) =>
      told.push([name, answer instanceof PeerFailure ? answer.kind : answer.clusterId]),
    );
  const open = async (): Promise<void> => {
    dialled?.resolve(peer);
    await settled();
    clock.turn();
  };
  const refuse = async (error: NetworkError): Promise<void> => {
    dialled?.reject(error);
    await settled();
  };
  /** Correlation ids of what was asked, in order. */
  const asked = (): number[] => framesIn(peer.written()).map((frame) => frame.readInt32BE(4));
  return { clock, peer, channel, closed, told, ask, open, refuse, asked };
}

function answer<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  version: number,
  correlationId: number,
  response: Encodable<P>,
): Buffer {
  const writer = new ByteWriter();
  writeFrame(writer, () => {
    writeResponseHeader(writer, api, version, correlationId);
    encodeResponse(api, version, writer, response);
  });
  return Buffer.from(writer.written());
}

const named = (correlationId: number, clusterId: string): Buffer =>
  answer(metadataApi, 12, correlationId, { brokers: [], clusterId, controllerId: 1, topics: [] });

describe('asking', () => {
  it('sends what was asked while it dialled, in order and in one piece', async () => {
    const { peer, ask, open, asked } = setUp();
    ask('a');
    ask('b');
    await open();
    expect(asked()).toEqual([1, 2]);
    expect(peer.writes).toHaveLength(1);
  });

  it('gives each answer to who asked, however the bytes are cut', async () => {
    const { peer, told, ask, open } = setUp();
    ask('a');
    ask('b');
    await open();
    peer.deliver(Buffer.concat([named(1, 'one'), named(2, 'two')]), 3);
    expect(told).toEqual([
      ['a', 'one'],
      ['b', 'two'],
    ]);
  });

  it('hands records over where they landed, for as long as the callback runs', async () => {
    const { clock, peer, channel, open } = setUp();
    let seen = '';
    const request = { maxWaitMs: 0, minBytes: 1, topics: [] };
    channel.request(fetchApi, 12, request, 1000, (answered) => {
      if (answered instanceof PeerFailure) throw new Error(answered.toString());
      seen = Buffer.from(answered.responses[0]?.partitions[0]?.records ?? []).toString();
    });
    await open();
    clock.turn();
    const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 1, records: Buffer.from('batches') };
    peer.deliver(answer(fetchApi, 12, 1, { responses: [{ topic: 't', partitions: [partition] }] }), 10);
    expect(seen).toBe('batches');
  });

  it('goes on asking from within an answer', async () => {
    const { clock, peer, channel, told, ask, open, asked } = setUp();
    channel.request(metadataApi, 12, { topics: null }, 1000, () => ask('next'));
    await open();
    peer.deliver(named(1, 'one'));
    clock.turn();
    expect(asked()).toEqual([1, 2]);
    peer.deliver(named(2, 'two'));
    expect(told).toEqual([['next', 'two']]);
  });

  it('keeps what it could not send until the peer reads', async () => {
    const { clock, peer, told, ask, open } = setUp();
    await open();
    peer.peerReads = false;
    ask('a');
    clock.turn();
    ask('b');
    clock.turn();
    peer.read();
    peer.deliver(Buffer.concat([named(1, 'one'), named(2, 'two')]));
    expect(told).toHaveLength(2);
  });
});

describe('a dial', () => {
  it.each([
    ['refused', 'refused'],
    ['timeout', 'timeout'],
    ['unreachable', 'unreachable'],
    ['io', 'unreachable'],
  ] as const)('that ends with %s fails what was asked as %s', async (code, kind) => {
    const { channel, closed, told, ask, refuse } = setUp();
    ask('a');
    ask('b');
    await refuse(new NetworkError(code, 'no'));
    expect(told).toEqual([
      ['a', kind],
      ['b', kind],
    ]);
    expect(closed.map((failure) => failure.kind)).toEqual([kind]);
    expect(channel.isClosed).toBe(true);
  });

  it('that takes too long is given up, and what comes of it closed', async () => {
    const { clock, peer, told, ask, open } = setUp();
    ask('a', 50);
    clock.advance(50);
    expect(told).toEqual([['a', 'timeout']]);
    await open();
    expect(peer.destroyed).toBe(true);
  });
});

describe('time', () => {
  it('runs out for one request alone while an earlier one is waited for; its answer is dropped', async () => {
    const { clock, peer, channel, told, ask, open } = setUp();
    ask('slow', 1000);
    ask('quick', 100);
    ask('slow too', 1000);
    await open();
    clock.advance(100);
    expect(told).toEqual([['quick', 'timeout']]);
    expect(channel.isClosed).toBe(false);
    expect(channel.waiting).toBe(2);
    peer.deliver(Buffer.concat([named(1, 'one'), named(2, 'two'), named(3, 'three')]));
    expect(told).toEqual([
      ['quick', 'timeout'],
      ['slow', 'one'],
      ['slow too', 'three'],
    ]);
  });

  it('runs out for all when it does for the oldest: nobody behind it is answered sooner', async () => {
    const { clock, peer, closed, told, ask, open } = setUp();
    ask('a', 100);
    ask('b', 1000);
    await open();
    clock.advance(100);
    expect(told).toEqual([
      ['b', 'closed'],
      ['a', 'timeout'],
    ]);
    expect(peer.destroyed).toBe(true);
    expect(closed.map(({ kind, byPeer }) => [kind, byPeer])).toEqual([['closed', false]]);
  });

  it('runs out too for a request behind one that ran out before', async () => {
    const { clock, peer, channel, told, ask, open } = setUp();
    ask('a', 500);
    ask('b', 100);
    await open();
    clock.advance(100);
    peer.deliver(named(1, 'one'));
    ask('c', 100);
    clock.advance(100);
    expect(told).toEqual([
      ['b', 'timeout'],
      ['a', 'one'],
      ['c', 'timeout'],
    ]);
    expect(channel.isClosed).toBe(true);
  });

  it('does not run out while the answer is coming in, and does when no more of it comes', async () => {
    const { clock, peer, channel, told, ask, open } = setUp();
    ask('a', 100);
    await open();
    const bytes = named(1, 'one');
    peer.deliver(bytes.subarray(0, 9));
    clock.advance(100);
    expect(told).toEqual([]);
    peer.deliver(bytes.subarray(9, 10));
    clock.advance(100);
    expect(told).toEqual([]);
    clock.advance(100);
    expect(told).toEqual([['a', 'timeout']]);
    expect(channel.isClosed).toBe(true);
  });

  it('leaves no timer behind when all is answered', async () => {
    const { clock, peer, ask, open, told } = setUp();
    ask('a', 100);
    await open();
    peer.deliver(named(1, 'one'));
    clock.advance(10_000);
    expect(told).toEqual([['a', 'one']]);
  });
});

describe('rubbish', () => {
  it.each([
    ['a negative size', Buffer.from('ffffffff', 'hex')],
    ['a size beyond the bound', Buffer.from('00ffffff', 'hex')],
    ['an answer to another question', named(7, 'other')],
    ['an answer that is cut', Buffer.from('0000000600000001000000', 'hex').subarray(0, 10)],
    ['an answer that is nothing', Buffer.from('0000000100', 'hex')],
  ])('%s closes the connection', async (_name, bytes) => {
    const { peer, closed, told, ask, open } = setUp();
    ask('a');
    ask('b');
    await open();
    peer.deliver(bytes);
    expect(told).toEqual([
      ['a', 'protocol'],
      ['b', 'protocol'],
    ]);
    expect(peer.destroyed).toBe(true);
    expect(closed.map(({ kind }) => kind)).toEqual(['protocol']);
  });

  it('that nobody asked for closes the connection', async () => {
    const { peer, channel, open } = setUp();
    await open();
    peer.deliver(named(1, 'one'));
    expect(channel.isClosed).toBe(true);
  });
});

describe('the end', () => {
  it('by the peer, in the middle of an answer, is told at once to all', async () => {
    const { peer, closed, told, ask, open } = setUp();
    ask('a');
    ask('b');
    await open();
    peer.deliver(named(1, 'one').subarray(0, 9));
    peer.peerCloses();
    expect(told).toEqual([
      ['a', 'closed'],
      ['b', 'closed'],
    ]);
    expect(closed.map(({ kind, byPeer }) => [kind, byPeer])).toEqual([['closed', true]]);
  });

  it('by us is told to all, and to those who ask afterwards, in a later turn', async () => {
    const { clock, peer, channel, told, ask, open } = setUp();
    ask('a');
    await open();
    channel.close('enough');
    expect(told).toEqual([['a', 'closed']]);
    expect(peer.destroyed).toBe(true);
    ask('late');
    expect(told).toHaveLength(1);
    clock.turn();
    expect(told).toEqual([
      ['a', 'closed'],
      ['late', 'closed'],
    ]);
  });

  it('comes once, whatever else happens', async () => {
    const { clock, peer, channel, closed, told, ask, open } = setUp();
    ask('a', 100);
    await open();
    channel.close('enough');
    channel.close('again');
    peer.peerCloses();
    clock.advance(1000);
    expect(closed).toHaveLength(1);
    expect(told).toHaveLength(1);
  });

  it('comes to whoever asks for more than a peer can have to answer', async () => {
    const { clock, channel, told, ask, open } = setUp();
    await open();
    for (let n = 0; n < 4097; n++) ask(`${n}`);
    clock.turn();
    expect(told).toEqual([['4096', 'timeout']]);
    expect(channel.waiting).toBe(4096);
  });
});
