/** Answers whose records are lent: they are not copied, and the lender has them back when nobody reads them any more. */
import { pino } from 'pino';
import { fetchApi, type FetchResponse } from '@tidemark/wire';
import { defineHandler, type BrokerContext } from '../handlers/handler.js';
import { BrokerMetrics } from '../metrics.js';
import { answerIn, framesIn, requestFrame } from '../testing/kafka-frames.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ScriptedConnection } from '../testing/scripted-connection.js';
import { Tick } from '../tick.js';
import { ClientConnection } from './connection.js';
import { Dispatch } from './dispatch.js';

const VERSION = 17;

/** A connection whose every Fetch is answered, when the spec says so, with records that are lent. */
function setUp(recordBytes = 50_000) {
  const clock = new ManualClock();
  const records = Buffer.alloc(recordBytes, 7);
  const back: number[] = [];
  const answers: (() => void)[] = [];
  const fetch = defineHandler(fetchApi, () => (_request, context, respond) => {
    const number = answers.length;
    const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 1, records };
    answers.push(() => {
      context.onSent(() => back.push(number));
      respond({ responses: [{ partitions: [partition] }] } satisfies FetchResponse);
    });
  });
  const handlers = [fetch({} as BrokerContext)];
  const logger = pino({ level: 'silent' });
  const peer = new ScriptedConnection();
  const connection = new ClientConnection(peer, {
    id: 1,
    advertised: { host: 'here', port: 1 },
    dispatch: new Dispatch({
      handlers,
      metrics: new BrokerMetrics(),
      logger,
      clock,
      settings: { 'tail.cache.bytes': 65_536 },
    }),
    tick: new Tick(clock),
    requestBytesMax: 1_000_000,
    onClosed: () => undefined,
  });
  peer.attach(connection);
  peer.deliver(
    requestFrame(fetchApi, { version: VERSION, correlationId: 3 }, { maxWaitMs: 0, minBytes: 0, topics: [] }),
  );
  return { clock, peer, connection, records, back, answer: () => answers[0]?.() };
}

describe('an answer with lent records', () => {
  it('is whole, not a copy, and its lender told when the socket has taken it', () => {
    const { clock, peer, records, back, answer } = setUp();
    answer();
    expect(back).toEqual([]);
    // What the lender still holds is what leaves.
    records.fill(8);
    clock.turn();
    expect(back).toEqual([0]);
    const [frame] = framesIn(peer.written());
    const { responses } = answerIn(fetchApi, VERSION, frame!);
    expect(Buffer.from(responses[0]!.partitions[0]!.records!).equals(records)).toBe(true);
  });

  it('that was copied, because it is small, is given back at once', () => {
    const { back, answer } = setUp(100);
    answer();
    expect(back).toEqual([0]);
  });

  it('is kept until a slow socket has taken it', () => {
    const { clock, peer, back, answer } = setUp();
    peer.peerReads = false;
    answer();
    clock.turn();
    expect(back).toEqual([]);
    peer.read();
    expect(back).toEqual([0]);
  });

  it.each([
    ['before it was sent', 'answer, close'],
    ['while it was being sent', 'answer, turn, close'],
    ['before it was there', 'close, answer'],
  ])('is given back once when the connection ends %s', (_, steps) => {
    const { clock, peer, connection, back, answer } = setUp();
    peer.peerReads = false;
    for (const step of steps.split(', ')) {
      if (step === 'answer') answer();
      else if (step === 'turn') clock.turn();
      else connection.close('shutdown');
    }
    expect(back).toEqual([0]);
    clock.turn();
    expect(back).toEqual([0]);
  });
});
