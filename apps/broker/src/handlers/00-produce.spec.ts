/** Produce on the wire of a running broker, every version that is spoken. */
import { ErrorCode, buildBatch, computeBatchCrc, produceApi, type RecordInput } from '@tidemark/wire';
import { requestFrame } from '../testing/kafka-frames.js';
import { NO_ID, type RawClient } from '../testing/raw-client.js';
import { RunningBroker } from '../testing/running-broker.js';

const record = (text: string): RecordInput => ({ key: null, value: Buffer.from(text) });
const batch = (...texts: string[]): Buffer =>
  Buffer.from(buildBatch(texts.map(record), { timestamp: Date.now() }));
/** A batch with some bytes changed, its checksum made right again unless told otherwise. */
function lying(change: (bytes: Buffer) => void, recount = true): Buffer {
  const bytes = batch('one', 'two');
  change(bytes);
  if (recount) bytes.writeUInt32BE(computeBatchCrc(bytes, 0), 17);
  return bytes;
}

describe('Produce', () => {
  let running: RunningBroker;
  let client: RawClient;
  let topicId: string;
  beforeAll(async () => {
    running = await RunningBroker.start({ TIDEMARK_KAFKA_MESSAGE_MAX_BYTES: '100000' });
    client = await running.connect();
    topicId = await client.createTopic('t');
  });
  afterAll(() => running.stop());

  const produce = async (
    records: Uint8Array | null,
    options: { version?: number; acks?: number; topic?: string } = {},
  ) => {
    const { version = 9, acks = -1, topic = 't' } = options;
    const { responses } = await client.ask(produceApi, version, {
      acks,
      timeoutMs: 1000,
      topicData: [{ name: topic, topicId, partitionData: [{ index: 0, records }] }],
    });
    const [answer] = responses[0]?.partitionResponses ?? [];
    if (answer === undefined) throw new Error('no answer for the partition');
    return answer;
  };
  const end = async (): Promise<number> => (await produce(batch('probe'))).baseOffset + 1;

  it.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])('is served in version %i', async (version) => {
    const before = await end();
    const answer = await produce(batch('a', 'b'), { version });
    expect(answer).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: before, logAppendTimeMs: -1 });
    if (version >= 5) expect(answer.logStartOffset).toBe(0);
    expect((await produce(batch('c'), { version, acks: 1 })).baseOffset).toBe(before + 2);
  });

  it.each<[string, Uint8Array | null, ErrorCode, number]>([
    ['no records', null, ErrorCode.INVALID_RECORD, 9],
    ['empty records', Buffer.alloc(0), ErrorCode.INVALID_RECORD, 9],
    ['less than a header', Buffer.alloc(60), ErrorCode.INVALID_RECORD, 9],
    ['a wrong checksum', lying((bytes) => bytes.writeUInt32BE(1, 17), false), ErrorCode.CORRUPT_MESSAGE, 9],
    [
      'a flipped bit',
      lying((bytes) => bytes.writeUInt8(0xff, bytes.length - 1), false),
      ErrorCode.CORRUPT_MESSAGE,
      9,
    ],
    ['a wrong length', lying((bytes) => bytes.writeInt32BE(9999, 8)), ErrorCode.CORRUPT_MESSAGE, 9],
    ['an old magic', lying((bytes) => bytes.writeInt8(1, 16)), ErrorCode.INVALID_RECORD, 9],
    ['a wrong count', lying((bytes) => bytes.writeInt32BE(5, 57)), ErrorCode.INVALID_RECORD, 9],
    ['a wrong last offset', lying((bytes) => bytes.writeInt32BE(0, 23)), ErrorCode.INVALID_RECORD, 9],
    ['a control batch', lying((bytes) => bytes.writeInt16BE(0x20, 21)), ErrorCode.INVALID_RECORD, 9],
    ['a transactional batch', lying((bytes) => bytes.writeInt16BE(0x10, 21)), ErrorCode.INVALID_TXN_STATE, 9],
    ['two batches', Buffer.concat([batch('a'), batch('b')]), ErrorCode.INVALID_RECORD, 9],
    [
      'zstd before version 7',
      lying((bytes) => bytes.writeInt16BE(4, 21)),
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      6,
    ],
    [
      'a codec that is none',
      lying((bytes) => bytes.writeInt16BE(6, 21)),
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      9,
    ],
    ['a batch that is too large', batch('x'.repeat(200_000)), ErrorCode.MESSAGE_TOO_LARGE, 9],
  ])('refuses %s, appends nothing and stays connected', async (_what, records, errorCode, version) => {
    const before = await end();
    expect(await produce(records, { version })).toMatchObject({ errorCode, baseOffset: -1 });
    expect(await end()).toBe(before + 1);
  });

  it('refuses acks that are none of -1, 0 and 1', async () => {
    expect(await produce(batch('a'), { acks: 2 })).toMatchObject({
      errorCode: ErrorCode.INVALID_REQUIRED_ACKS,
    });
  });

  it('answers each partition by itself', async () => {
    const { responses } = await client.ask(produceApi, 9, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [
        {
          name: 't',
          partitionData: [
            { index: 0, records: batch('good') },
            { index: 9, records: batch('nowhere') },
          ],
        },
        { name: 'unknown', partitionData: [{ index: 0, records: batch('a') }] },
      ],
    });
    expect(
      responses.map(({ partitionResponses }) => partitionResponses.map(({ errorCode }) => errorCode)),
    ).toEqual([
      [ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ]);
  });

  it('answers an unknown topic id with its own error', async () => {
    const { responses } = await client.ask(produceApi, 13, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ topicId: NO_ID, partitionData: [{ index: 0, records: batch('a') }] }],
    });
    expect(responses[0]?.partitionResponses[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
  });

  const from = (baseSequence: number): Uint8Array =>
    buildBatch([record('x'), record('y')], {
      timestamp: Date.now(),
      producerId: 77,
      producerEpoch: 0,
      baseSequence,
    });

  it('does not take the second batch of a producer when the first was refused just before', async () => {
    const topic = 'not-yet-there';
    expect((await produce(from(0), { topic })).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    await client.createTopic(topic);
    expect((await produce(from(2), { topic })).errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    for (const [sequence, baseOffset] of [[0, 0] as const, [2, 2] as const]) {
      expect(await produce(from(sequence), { topic })).toMatchObject({
        errorCode: ErrorCode.NONE,
        baseOffset,
      });
    }
  });

  it('acknowledges the same batch of an idempotent producer once more, and refuses a gap', async () => {
    const first = await produce(from(0));
    expect(await produce(from(2))).toMatchObject({
      errorCode: ErrorCode.NONE,
      baseOffset: first.baseOffset + 2,
    });
    expect(await produce(from(0))).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: first.baseOffset });
    expect(await produce(from(9))).toMatchObject({ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
  });

  it('does not take kafkajs for an idempotent producer', async () => {
    const anonymous = { timestamp: Date.now(), producerId: -1, producerEpoch: 0, baseSequence: 0 };
    const one = await produce(buildBatch([record('same')], anonymous));
    expect((await produce(buildBatch([record('same')], anonymous))).baseOffset).toBe(one.baseOffset + 1);
  });

  it('answers nothing to acks=0, and the next request as usual', async () => {
    const other = await running.connect();
    const before = await end();
    const silent = {
      acks: 0,
      timeoutMs: 0,
      topicData: [{ name: 't', partitionData: [{ index: 0, records: batch('s') }] }],
    };
    other.send(requestFrame(produceApi, { version: 7, correlationId: 7 }, silent));
    const loud = { ...silent, acks: 1 };
    const { responses } = await other.ask(produceApi, { version: 7, correlationId: 8 }, loud);
    expect(responses[0]?.partitionResponses[0]?.baseOffset).toBe(before + 1);
    expect(other.unread).toBe(0);
  });

  it('closes the connection when an acks=0 produce fails, and no other', async () => {
    const other = await running.connect();
    const wrong = {
      acks: 0,
      timeoutMs: 0,
      topicData: [{ name: 'nope', partitionData: [{ index: 0, records: batch('s') }] }],
    };
    other.send(requestFrame(produceApi, { version: 7 }, wrong));
    await other.closed;
    expect(running.broker.metrics.closedConnections('produce-failed')).toBe(1);
    expect((await produce(batch('still here'))).errorCode).toBe(ErrorCode.NONE);
  });
});
