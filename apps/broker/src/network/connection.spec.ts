/** One connection over a scripted socket: the order of answers, back-pressure, faults, and the end. */
import { pino } from 'pino';
import {
  listGroupsApi,
  metadataApi,
  produceApi,
  type MetadataResponse,
  type ProduceResponse,
} from '@tidemark/wire';
import { apiVersionsHandler } from '../handlers/18-api-versions.js';
import { defineHandler, type BrokerContext, type Handler, type RequestContext } from '../handlers/handler.js';
import { BrokerMetrics } from '../metrics.js';
import { correlationIdOf, framesIn, requestFrame } from '../testing/kafka-frames.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ScriptedConnection } from '../testing/scripted-connection.js';
import { Tick } from '../tick.js';
import type { CloseReason } from './close-reason.js';
import { ClientConnection } from './connection.js';
import { Dispatch } from './dispatch.js';

const EMPTY_METADATA: MetadataResponse = { brokers: [], topics: [] };
const EMPTY_PRODUCE: ProduceResponse = { responses: [] };

/** A connection whose handlers do what the spec says: each request waits in `asked` until it is answered. */
function setUp(requestBytesMax = 1_000_000) {
  const clock = new ManualClock();
  const tick = new Tick(clock);
  const asked: { api: string; context: RequestContext; respond: (answer?: object) => void }[] = [];
  const broker = {} as BrokerContext;
  const metadata = defineHandler(metadataApi, () => (_request, context, respond) => {
    asked.push({
      api: 'metadata',
      context,
      respond: (answer = EMPTY_METADATA) => respond(answer as MetadataResponse),
    });
  });
  const produce = defineHandler(
    produceApi,
    () => (_request, context, respond) => {
      asked.push({
        api: 'produce',
        context,
        respond: (answer = EMPTY_PRODUCE) => respond(answer as ProduceResponse),
      });
    },
    { pipelined: true },
  );
  const broken = defineHandler(listGroupsApi, () => () => {
    throw new Error('a bug');
  });
  const handlers: Handler[] = [metadata(broker), produce(broker), broken(broker)];
  handlers.push(apiVersionsHandler(() => handlers.map(({ api }) => api))(broker));
  const metrics = new BrokerMetrics();
  const logger = pino({ level: 'silent' });
  const closed: [CloseReason, string][] = [];
  const peer = new ScriptedConnection();
  const connection = new ClientConnection(peer, {
    id: 1,
    advertised: { host: 'here', port: 1 },
    dispatch: new Dispatch({ handlers, metrics, logger, clock, settings: { 'tail.cache.bytes': 65_536 } }),
    tick,
    requestBytesMax,
    onClosed: (_connection, reason, detail) => closed.push([reason, detail]),
  });
  peer.attach(connection);
  const answered = (): number[] => framesIn(peer.written()).map(correlationIdOf);
  return { clock, asked, closed, peer, connection, answered };
}

const metadataFrame = (correlationId: number): Buffer =>
  requestFrame(metadataApi, { version: 4, correlationId }, { topics: null });
const produceFrame = (correlationId: number): Buffer =>
  requestFrame(produceApi, { version: 7, correlationId }, { acks: -1, timeoutMs: 0, topicData: [] });

describe('order of requests and answers', () => {
  it('takes up one request at a time, and the next when it is answered', () => {
    const { clock, asked, peer, answered } = setUp();
    peer.deliver(Buffer.concat([metadataFrame(-5), metadataFrame(6)]));
    expect(asked).toHaveLength(1);
    asked[0]?.respond();
    clock.turn();
    expect(answered()).toEqual([-5]);
    expect(asked).toHaveLength(2);
    asked[1]?.respond();
    clock.turn();
    expect(answered()).toEqual([-5, 6]);
  });

  it('takes up pipelined requests at once, and answers them in order all the same', () => {
    const { clock, asked, peer, answered } = setUp();
    peer.deliver(Buffer.concat([1, 2, 3].map(produceFrame)));
    expect(asked.map(({ api }) => api)).toEqual(['produce', 'produce', 'produce']);
    asked[2]?.respond();
    asked[1]?.respond();
    clock.turn();
    expect(answered()).toEqual([]);
    asked[0]?.respond();
    clock.turn();
    expect(answered()).toEqual([1, 2, 3]);
  });

  it('does not let another API overtake pipelined requests', () => {
    const { clock, asked, peer } = setUp();
    peer.deliver(Buffer.concat([produceFrame(1), metadataFrame(2), produceFrame(3)]));
    expect(asked).toHaveLength(1);
    asked[0]?.respond();
    clock.turn();
    expect(asked.map(({ api }) => api)).toEqual(['produce', 'metadata']);
    asked[1]?.respond();
    clock.turn();
    expect(asked.map(({ api }) => api)).toEqual(['produce', 'metadata', 'produce']);
  });

  it('sends the answers of one turn in one piece', () => {
    const { clock, asked, peer } = setUp();
    peer.deliver(Buffer.concat([1, 2, 3].map(produceFrame)));
    for (const { respond } of asked) respond();
    clock.turn();
    expect(peer.writes).toHaveLength(1);
  });

  it('sends nothing for a request without an answer, and goes on', () => {
    const { clock, asked, peer, answered } = setUp();
    peer.deliver(Buffer.concat([produceFrame(1), metadataFrame(2)]));
    const [first] = asked;
    // acks=0: the handler responds with nothing.
    (first as unknown as { respond: (answer: undefined) => void }).respond(undefined);
    clock.turn();
    asked[1]?.respond();
    clock.turn();
    expect(answered().at(-1)).toBe(2);
  });

  it('reads frames that come byte by byte', () => {
    const { asked, peer } = setUp();
    peer.deliver(metadataFrame(1), 1);
    expect(asked).toHaveLength(1);
  });

  it('counts a second answer to a request as a bug of ours', () => {
    const { asked, peer } = setUp();
    peer.deliver(metadataFrame(1));
    asked[0]?.respond();
    expect(() => asked[0]?.respond()).toThrow('answered twice');
  });
});

describe('back-pressure', () => {
  it('does not read from a client that does not read', () => {
    const { clock, asked, peer } = setUp();
    peer.peerReads = false;
    peer.deliver(metadataFrame(1));
    asked[0]?.respond();
    clock.turn();
    const taken = peer.deliver(Buffer.concat(Array.from({ length: 10_000 }, (_, i) => metadataFrame(i))));
    expect(asked).toHaveLength(1);
    expect(peer.paused).toBe(true);
    expect(taken).toBeLessThan(200_000);
    peer.read();
    expect(asked).toHaveLength(2);
  });

  it('does not read more from a client that sends faster than it is served', () => {
    const { clock, asked, peer, connection } = setUp();
    const flood = Buffer.concat(Array.from({ length: 10_000 }, (_, i) => metadataFrame(i)));
    const taken = peer.deliver(flood);
    expect(peer.paused).toBe(true);
    expect(connection.unreadBytes).toBeLessThan(200_000);
    for (let i = 0; i < asked.length && peer.paused; i++) {
      asked[i]?.respond();
      clock.turn();
    }
    expect(peer.paused).toBe(false);
    expect(peer.deliver(flood.subarray(taken))).toBeGreaterThan(0);
  });

  it('bounds the requests that are outstanding', () => {
    const { asked, peer, connection } = setUp();
    peer.deliver(Buffer.concat(Array.from({ length: 5_000 }, (_, i) => produceFrame(i))));
    expect(asked.length).toBeLessThanOrEqual(1024);
    expect(connection.outstanding).toBe(asked.length);
  });

  it('keeps bytes that the socket has not taken as they were', () => {
    const { clock, asked, peer } = setUp();
    peer.peerReads = false;
    peer.deliver(Buffer.concat([produceFrame(1), produceFrame(2)]));
    asked[0]?.respond();
    clock.turn();
    const [first] = peer.writes;
    const before = Buffer.from(first ?? []);
    asked[1]?.respond();
    clock.turn();
    expect(first).toEqual(before);
  });
});

describe('faults close the connection, each with its reason', () => {
  const int32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const withHeader = (apiKey: number, version: number, rest: Buffer = Buffer.alloc(0)): Buffer => {
    const header = Buffer.alloc(10);
    header.writeInt16BE(apiKey, 0);
    header.writeInt16BE(version, 2);
    header.writeInt16BE(-1, 8);
    return Buffer.concat([int32(10 + rest.length), header, rest]);
  };

  it.each<[string, Buffer, CloseReason]>([
    ['a negative size', int32(-1), 'frame-size-negative'],
    ['an empty frame', int32(0), 'frame-size-negative'],
    ['a size beyond the limit', int32(1_000_001), 'frame-too-large'],
    ['the largest size', int32(0x7fffffff), 'frame-too-large'],
    ['a frame without a header', Buffer.concat([int32(3), Buffer.alloc(3)]), 'malformed'],
    ['an unknown API', withHeader(4, 0), 'unknown-api'],
    ['a negative API key', withHeader(-1, 0), 'unknown-api'],
    ['a version that is not spoken', withHeader(3, 99), 'unsupported-version'],
    ['a negative version', withHeader(3, -1), 'unsupported-version'],
    ['an array longer than its frame', withHeader(3, 4, int32(0x7fffffff)), 'malformed'],
    ['a negative array', withHeader(3, 4, int32(-2)), 'malformed'],
    ['a body that ends early', withHeader(0, 7, Buffer.alloc(3)), 'malformed'],
    ['a varint that does not end', withHeader(3, 9, Buffer.alloc(20, 0xff)), 'malformed'],
    ['a TLS handshake', Buffer.from('16030100f5010000f10303', 'hex'), 'frame-too-large'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'frame-too-large'],
  ])('%s', (_what, bytes, reason) => {
    const { asked, closed, peer } = setUp();
    peer.deliver(bytes);
    expect(closed.map(([why]) => why)).toEqual([reason]);
    expect(peer.destroyed).toBe(true);
    expect(asked).toHaveLength(0);
    expect(peer.writes).toHaveLength(0);
  });

  it('but for ApiVersions of a version from the future, which is answered in version 0', () => {
    const { clock, closed, peer } = setUp();
    peer.deliver(withHeader(18, 77, Buffer.from('what is this')));
    clock.turn();
    expect(closed).toEqual([]);
    const [answer] = framesIn(peer.written());
    // Correlation id, error 35, one API: 18 in versions 0 to 4.
    expect(answer?.toString('hex')).toBe('00000000002300000001001200000004');
  });

  it('accepts bytes that nobody asked for after a request', () => {
    const { asked, peer } = setUp();
    const frame = Buffer.concat([metadataFrame(1), Buffer.alloc(3)]);
    frame.writeInt32BE(frame.length - 4, 0);
    peer.deliver(frame);
    expect(asked).toHaveLength(1);
  });

  it('an answer that cannot be encoded closes its connection and is a bug of ours', () => {
    const { asked, closed, peer } = setUp();
    peer.deliver(metadataFrame(1));
    expect(() => asked[0]?.respond({ brokers: [null], topics: [] })).not.toThrow();
    expect(closed.map(([why]) => why)).toEqual(['internal-error']);
  });

  it('a handler that throws closes its connection', () => {
    const { closed, peer } = setUp();
    peer.deliver(requestFrame(listGroupsApi, { version: 0 }, {}));
    expect(closed).toEqual([['internal-error', 'ListGroups']]);
    expect(peer.destroyed).toBe(true);
  });

  it('answers nothing that comes after the connection is gone', () => {
    const { clock, asked, closed, peer, connection } = setUp();
    peer.deliver(metadataFrame(1));
    connection.closed(true);
    asked[0]?.respond();
    clock.turn();
    expect(peer.writes).toHaveLength(0);
    expect(closed).toEqual([['peer', '']]);
    expect(asked[0]?.context.closed).toBe(true);
  });
});

describe('stopping', () => {
  it('answers what was taken up, takes up nothing more, and ends', () => {
    const { clock, asked, peer, connection, answered } = setUp();
    peer.deliver(Buffer.concat([metadataFrame(1), metadataFrame(2)]));
    connection.drain();
    expect(peer.ended).toBe(false);
    expect(asked[0]?.context.stopping).toBe(true);
    asked[0]?.respond();
    clock.turn();
    expect(answered()).toEqual([1]);
    expect(asked).toHaveLength(1);
    expect(peer.ended).toBe(true);
  });
});

describe('who cares about a connection', () => {
  it.each<[string, boolean, (set: ReturnType<typeof setUp>) => void]>([
    ['its peer closed it', true, ({ peer }) => peer.peerCloses()],
    ['we closed it', false, ({ connection }) => connection.close('idle')],
    [
      'we asked it to end, whoever is first then',
      false,
      ({ connection, peer }) => {
        connection.drain();
        peer.peerCloses();
      },
    ],
  ])('is told once when %s', (_, byPeer, close) => {
    const set = setUp();
    const heard: boolean[] = [];
    const listener = (peerDid: boolean): void => void heard.push(peerDid);
    set.peer.deliver(Buffer.concat([metadataFrame(1), metadataFrame(2)]));
    set.asked[0]?.context.onClosed(listener);
    set.asked[0]?.respond();
    set.clock.turn();
    set.asked[1]?.context.onClosed(listener);
    close(set);
    expect(heard).toEqual([byPeer]);
    set.asked[1]?.context.onClosed(listener);
    expect(heard).toEqual([byPeer, byPeer]);
  });
});

describe('a request that waits for news', () => {
  it('hears of the next one behind it, and only then', () => {
    const { peer, asked, clock } = setUp();
    let overtaken = 0;
    peer.deliver(metadataFrame(1));
    asked[0]?.context.onOvertaken(() => {
      overtaken += 1;
      asked[0]?.respond();
    });
    clock.turn();
    expect(overtaken).toBe(0);
    peer.deliver(metadataFrame(2));
    expect([overtaken, asked.length]).toEqual([1, 1]);
    clock.turn();
    expect(asked.length).toBe(2);
  });
});
