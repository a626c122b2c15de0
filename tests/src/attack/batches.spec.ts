// Batches that lie, sent to a real broker: about their checksum, length, format, counts, times, codec, or about who
// sends them and in which order. Each gets Kafka's error code and none of it is in the log; the partition goes on, and
// so do its readers.
import {
  alterConfigsApi,
  batchAttributes,
  buildBatch,
  Codec,
  compress,
  computeBatchCrc,
  createTopicsApi,
  ErrorCode,
  findCoordinatorApi,
  initProducerIdApi,
  produceApi,
  type BatchOptions,
} from '@tidemark/wire';
import { BrokerProcess } from '../harness/broker-process.js';
import { eventually } from '../harness/eventually.js';
import { readPartition } from '../harness/read-partition.js';
import { WireConnection } from '../harness/wire-connection.js';
import { memoryOf } from './broker-figures.js';

const HEADER_BYTES = 61;
/** Where fields lie in a batch. */
const AT = { base: 0, length: 8, magic: 16, crc: 17, attributes: 21, lastDelta: 23, count: 57 };
const GOOD = 'good';

interface Outcome {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly recordErrors: readonly { readonly batchIndex: number }[];
}

function batch(options: Partial<BatchOptions> = {}, values: readonly string[] = ['a', 'b', 'c']): Buffer {
  const records = values.map((value) => ({ key: Buffer.from('k'), value: Buffer.from(value) }));
  return Buffer.from(buildBatch(records, { timestamp: Date.now(), ...options }));
}

/** Changed as told, and with the checksum that then belongs to it. */
function forged(change: (bytes: Buffer) => void, bytes: Buffer = batch()): Buffer {
  change(bytes);
  bytes.writeUInt32BE(computeBatchCrc(bytes, 0), AT.crc);
  return bytes;
}

/** A batch whose records are what they are, under a header that tells of three. */
function holding(content: Uint8Array, codec: number): Buffer {
  const bytes = Buffer.concat([batch().subarray(0, HEADER_BYTES), content]);
  return forged((made) => {
    made.writeInt32BE(made.length - 12, AT.length);
    made.writeInt16BE(codec, AT.attributes);
  }, bytes);
}

const records = (bytes: Buffer): Buffer => bytes.subarray(HEADER_BYTES);
const garbage = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 73) & 0xff));

describe('lying batches', () => {
  let broker: BrokerProcess;
  let connection: WireConnection;
  let sent = 0;
  beforeAll(async () => {
    broker = await BrokerProcess.start({ 'offsets.topic.num.partitions': '1' });
    connection = await WireConnection.open(broker.address);
    const topic = { numPartitions: 1, replicationFactor: 1, assignments: [] };
    const { topics } = await connection.request(createTopicsApi, 4, {
      topics: [
        { ...topic, name: 'ledger', configs: [] },
        { ...topic, name: 'keyed', configs: [{ name: 'cleanup.policy', value: 'compact' }] },
        { ...topic, name: 'plain', configs: [{ name: 'compression.type', value: 'uncompressed' }] },
      ],
      timeoutMs: 5_000,
      validateOnly: false,
    });
    expect(topics.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0]);
  }, 60_000);
  afterAll(async () => {
    connection.close();
    await broker.stop();
  });

  async function produce(
    bytes: Uint8Array | null,
    { topic = 'ledger', index = 0, acks = -1, version = 9 } = {},
  ): Promise<Outcome> {
    const answer = await connection.request(produceApi, version, {
      transactionalId: null,
      acks,
      timeoutMs: 5_000,
      topicData: [{ name: topic, partitionData: [{ index, records: bytes }] }],
    });
    const outcome = answer.responses[0]?.partitionResponses[0];
    if (outcome === undefined) throw new Error('no answer for the partition');
    return outcome;
  }

  /** The partition takes the next good batch, at the next offset: nothing came between. */
  async function goesOn(): Promise<void> {
    const { errorCode, baseOffset } = await produce(batch({}, [GOOD]));
    expect({ errorCode, baseOffset }).toEqual({ errorCode: 0, baseOffset: sent });
    sent += 1;
  }

  const LIES: [string, ErrorCode, () => Uint8Array | null][] = [
    ['a wrong checksum', ErrorCode.CORRUPT_MESSAGE, () => spoilt(batch())],
    ['a length beyond its end', ErrorCode.CORRUPT_MESSAGE, () => lengthOf(500)],
    ['a length before its end', ErrorCode.CORRUPT_MESSAGE, () => lengthOf(-1)],
    ['a negative length', ErrorCode.CORRUPT_MESSAGE, () => lengthOf(-100_000)],
    ['a batch cut short', ErrorCode.CORRUPT_MESSAGE, () => batch().subarray(0, HEADER_BYTES + 4)],
    ['less than a header', ErrorCode.INVALID_RECORD, () => batch().subarray(0, 40)],
    ['no records', ErrorCode.INVALID_RECORD, () => null],
    ['empty records', ErrorCode.INVALID_RECORD, () => Buffer.alloc(0)],
    ['format 0', ErrorCode.INVALID_RECORD, () => forged((bytes) => bytes.writeInt8(0, AT.magic))],
    ['format 1', ErrorCode.INVALID_RECORD, () => forged((bytes) => bytes.writeInt8(1, AT.magic))],
    ['format 3', ErrorCode.INVALID_RECORD, () => forged((bytes) => bytes.writeInt8(3, AT.magic))],
    ['a count of none', ErrorCode.INVALID_RECORD, () => counts(0, -1)],
    ['a negative count', ErrorCode.INVALID_RECORD, () => counts(-1, -2)],
    ['more than there are', ErrorCode.INVALID_RECORD, () => counts(4, 3)],
    ['fewer than there are', ErrorCode.INVALID_RECORD, () => counts(2, 1)],
    ['a million that are not there', ErrorCode.INVALID_RECORD, () => counts(1_000_000, 999_999)],
    ['a last offset that is not its count', ErrorCode.INVALID_RECORD, () => counts(3, 9)],
    ['a first offset', ErrorCode.INVALID_RECORD, () => forged((bytes) => bytes.writeInt32BE(7, AT.base + 4))],
    ['records of the broker', ErrorCode.INVALID_RECORD, () => batch({ control: true })],
    ['a stamp of the broker', ErrorCode.INVALID_TIMESTAMP, () => attribute(0x08)],
    ['tomorrow', ErrorCode.INVALID_TIMESTAMP, () => batch({ timestamp: Date.now() + 86_400_000 })],
    ['a transaction that nobody began', ErrorCode.INVALID_TXN_STATE, () => transactional()],
    ['two batches', ErrorCode.INVALID_RECORD, () => Buffer.concat([batch(), batch()])],
    ['a batch and a rest', ErrorCode.INVALID_RECORD, () => Buffer.concat([batch(), Buffer.alloc(9)])],
    ['too much', ErrorCode.MESSAGE_TOO_LARGE, () => batch({}, ['x'.repeat(1_100_000)])],
    ['no codec (5)', ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, () => attribute(5)],
    ['no codec (7)', ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, () => attribute(7)],
    ['garbage for records', ErrorCode.INVALID_RECORD, () => holding(garbage, Codec.NONE)],
    ['garbage called gzip', ErrorCode.INVALID_RECORD, () => holding(garbage, Codec.GZIP)],
    ['garbage called snappy', ErrorCode.INVALID_RECORD, () => holding(garbage, Codec.SNAPPY)],
    ['garbage called lz4', ErrorCode.INVALID_RECORD, () => holding(garbage, Codec.LZ4)],
    ['garbage packed by gzip', ErrorCode.INVALID_RECORD, () => packed(garbage, Codec.GZIP)],
    ['one record of three packed by gzip', ErrorCode.INVALID_RECORD, () => packed(one(), Codec.GZIP)],
    ['one record of three packed by lz4', ErrorCode.INVALID_RECORD, () => packed(one(), Codec.LZ4)],
    ['a gzip stream cut short', ErrorCode.INVALID_RECORD, () => cutShort(Codec.GZIP)],
    ['300 MB packed by gzip', ErrorCode.INVALID_RECORD, () => bomb],
    [
      'an unnumbered batch of a producer',
      ErrorCode.INVALID_RECORD,
      () => batch({ producerId: 7, producerEpoch: 0 }),
    ],
  ];
  const spoilt = (bytes: Buffer): Buffer => {
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    return bytes;
  };
  const lengthOf = (more: number): Buffer => {
    const bytes = batch();
    bytes.writeInt32BE(bytes.readInt32BE(AT.length) + more, AT.length);
    return bytes;
  };
  const counts = (count: number, lastDelta: number): Buffer =>
    forged((bytes) => {
      bytes.writeInt32BE(count, AT.count);
      bytes.writeInt32BE(lastDelta, AT.lastDelta);
    });
  const attribute = (bits: number): Buffer =>
    forged((bytes) => bytes.writeInt16BE(batchAttributes(bytes, 0) | bits, AT.attributes));
  const transactional = (): Buffer =>
    batch({ transactional: true, producerId: 4_000, producerEpoch: 0, baseSequence: 0 });
  const packed = (content: Uint8Array, codec: number): Buffer => holding(compress(codec, content), codec);
  const one = (): Buffer => records(batch({}, ['alone']));
  const cutShort = (codec: number): Buffer => {
    const whole = compress(codec, records(batch()));
    return holding(whole.subarray(0, whole.length - 6), codec);
  };
  // Fits into a batch, and not into what a batch may unpack to.
  const bomb = packed(Buffer.alloc(300_000_000), Codec.GZIP);

  it.each(LIES)('refuses %s', async (_name, error, bytes) => {
    const { errorCode, baseOffset } = await produce(bytes());
    expect({ errorCode, baseOffset }).toEqual({ errorCode: error, baseOffset: -1 });
    await goesOn();
  });

  it.each<[string, ErrorCode, Parameters<typeof produce>[1]]>([
    ['acks that there are not', ErrorCode.INVALID_REQUIRED_ACKS, { acks: 2 }],
    ['negative acks that there are not', ErrorCode.INVALID_REQUIRED_ACKS, { acks: -2 }],
    ['an unknown topic', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, { topic: 'nobody' }],
    ['a name that no topic has', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, { topic: '../ledger-0' }],
    ['an unknown partition', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, { index: 1 }],
    ['a negative partition', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, { index: -1 }],
    ["the controller's log", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, { topic: '__cluster_metadata' }],
  ])('refuses a good batch for %s', async (_name, error, where) => {
    expect((await produce(batch(), where)).errorCode).toBe(error);
    await goesOn();
  });

  it('refuses what others write to topics of the broker', async () => {
    await eventually(async () => {
      await connection.request(findCoordinatorApi, 0, { key: 'a', keyType: 0, coordinatorKeys: [] });
      const { errorCode } = await produce(batch(), { topic: '__consumer_offsets' });
      return errorCode === ErrorCode.INVALID_TOPIC_EXCEPTION;
    });
  });

  it('takes zstd in no version that cannot carry it', async () => {
    const { errorCode } = await produce(holding(garbage, Codec.ZSTD), { version: 6 });
    expect(errorCode).toBe(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
    await goesOn();
  });

  it('names the records without a key where keys are needed, packed or not', async () => {
    const keyless = ['a', 'b', 'c'].map((value, index) => ({
      key: index === 1 ? Buffer.from('k') : null,
      value: Buffer.from(value),
    }));
    for (const codec of [Codec.NONE, Codec.GZIP, Codec.LZ4]) {
      const bytes = buildBatch(keyless, { timestamp: Date.now(), codec });
      const outcome = await produce(bytes, { topic: 'keyed' });
      expect(outcome.errorCode).toBe(ErrorCode.INVALID_RECORD);
      expect(outcome.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 2]);
    }
    expect(await readPartition(broker.address, 'keyed')).toEqual([]);
  });

  it('stores what is well packed as it came, and unpacked where the topic says so', async () => {
    for (const codec of [Codec.GZIP, Codec.SNAPPY, Codec.LZ4]) {
      expect(await produce(batch({ codec }, [GOOD]))).toMatchObject({ errorCode: 0, baseOffset: sent });
      sent += 1;
      expect((await produce(batch({ codec }), { topic: 'plain' })).errorCode).toBe(0);
      expect((await produce(holding(garbage, codec), { topic: 'plain' })).errorCode).toBe(
        ErrorCode.INVALID_RECORD,
      );
    }
    const seen = await readPartition(broker.address, 'plain');
    expect(seen.map(({ value }) => value).join('')).toBe('abc'.repeat(3));
  });

  it('holds producers to their sequence, and takes each batch once', async () => {
    const introduce = async (): Promise<{ producerId: number; producerEpoch: number }> => {
      const request = { transactionalId: null, transactionTimeoutMs: 0 };
      const { producerId, producerEpoch } = await connection.request(initProducerIdApi, 1, request);
      return { producerId, producerEpoch };
    };
    const me = await introduce();
    const send = async (baseSequence: number, producer = me): Promise<[number, number]> => {
      const { errorCode, baseOffset } = await produce(batch({ ...producer, baseSequence }, [GOOD]));
      return [errorCode, baseOffset];
    };
    const first = sent;
    for (let sequence = 0; sequence < 6; sequence++) expect(await send(sequence)).toEqual([0, sent++]);
    // Any of the last five again is a success at its old place.
    expect(await send(5)).toEqual([0, first + 5]);
    expect(await send(1)).toEqual([0, first + 1]);
    // Older ones, gaps and wrong beginnings are not.
    expect(await send(0)).toEqual([ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1]);
    expect(await send(7)).toEqual([ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1]);
    expect(await send(0x7fffffff)).toEqual([ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1]);
    const newer = { ...me, producerEpoch: me.producerEpoch + 1 };
    expect(await send(3, newer)).toEqual([ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1]);
    expect(await send(0, newer)).toEqual([0, sent++]);
    expect(await send(6)).toEqual([ErrorCode.INVALID_PRODUCER_EPOCH, -1]);
    // Who is not known may begin anywhere (KIP-360).
    expect(await send(40, { producerId: 123_456, producerEpoch: 3 })).toEqual([0, sent++]);
    expect(await send(42, { producerId: 123_456, producerEpoch: 3 })).toEqual([
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      -1,
    ]);
  });

  it('refuses to configure a topic out of its senses', async () => {
    for (const [name, value] of [
      ['max.message.bytes', '-1'],
      ['retention.ms', 'soon'],
      ['cleanup.policy', 'shred'],
      ['no.such.thing', '1'],
      ['segment.bytes', '1e9'],
      ['compression.type', 'zip'],
    ] as const) {
      const resources = [{ resourceType: 2, resourceName: 'ledger', configs: [{ name, value }] }];
      const { responses } = await connection.request(alterConfigsApi, 0, { resources, validateOnly: false });
      expect([name, responses[0]?.errorCode]).toEqual([name, ErrorCode.INVALID_CONFIG]);
    }
    await goesOn();
  });

  it('has nothing in the log but what was good, before and after a kill', async () => {
    const check = async (): Promise<void> => {
      const seen = await readPartition(broker.address, 'ledger');
      expect(seen).toEqual(Array.from({ length: sent }, (_, offset) => ({ offset, value: GOOD })));
    };
    await check();
    expect(memoryOf(broker.pid).mostMb).toBeLessThan(700);
    await broker.signal('SIGKILL');
    await broker.restart();
    await check();
  }, 60_000);
});
