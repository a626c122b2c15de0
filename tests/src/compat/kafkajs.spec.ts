// kafkajs, unmodified: administration, each codec, seeking by time, groups with rebalances and committed offsets,
// idempotent production.
import kafkajs, { CompressionTypes, type Consumer, type KafkaMessage } from 'kafkajs';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import snappy from 'snappy';
import { BrokerProcess } from '../harness/broker-process.js';
import { eventually } from '../harness/eventually.js';

const { Kafka, CompressionCodecs, logLevel } = kafkajs;

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: (encoder: { buffer: Buffer }) => snappy.compress(encoder.buffer),
  decompress: (buffer: Buffer) => snappy.uncompress(buffer) as Promise<Buffer>,
});
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: (encoder: { buffer: Buffer }) => Promise.resolve(compressFrameSync(encoder.buffer)),
  decompress: (buffer: Buffer) => Promise.resolve(decompressFrameSync(buffer)),
});

describe('kafkajs', () => {
  let broker: BrokerProcess;
  let kafka: InstanceType<typeof Kafka>;
  const open: { disconnect(): Promise<void> }[] = [];

  const connected = async <Client extends { connect(): Promise<void>; disconnect(): Promise<void> }>(
    client: Client,
  ): Promise<Client> => {
    await client.connect();
    open.push(client);
    return client;
  };
  const member = async (groupId: string, topic: string, seen: string[]): Promise<Consumer> => {
    const consumer = await connected(
      kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 300, maxWaitTimeInMs: 100 }),
    );
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ partition, message }) => {
        seen.push(`${partition}@${message.offset}=${message.value?.toString()}`);
        return Promise.resolve();
      },
    });
    return consumer;
  };

  beforeAll(async () => {
    broker = await BrokerProcess.start();
    kafka = new Kafka({
      brokers: [broker.address],
      logLevel: logLevel.NOTHING,
      retry: { retries: 8, initialRetryTime: 50 },
    });
  }, 30_000);
  afterAll(async () => {
    await Promise.allSettled(open.map((client) => client.disconnect()));
    await broker.stop();
  }, 30_000);

  it('administers topics', async () => {
    const admin = await connected(kafka.admin());
    expect(await admin.createTopics({ topics: [{ topic: 'managed', numPartitions: 2 }] })).toBe(true);
    expect(await admin.createTopics({ topics: [{ topic: 'managed' }] })).toBe(false);
    await admin.createPartitions({ topicPartitions: [{ topic: 'managed', count: 5 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['managed'] });
    expect(topics[0]?.partitions).toHaveLength(5);
    const configs = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: 'managed', configNames: ['retention.ms'] }],
    });
    expect(configs.resources[0]?.configEntries[0]?.configName).toBe('retention.ms');
    await admin.deleteTopics({ topics: ['managed'] });
    await eventually(async () => !(await admin.listTopics()).includes('managed'));
  }, 30_000);

  it.each([
    ['none', CompressionTypes.None],
    ['gzip', CompressionTypes.GZIP],
    ['snappy', CompressionTypes.Snappy],
    ['lz4', CompressionTypes.LZ4],
  ])(
    'carries batches with codec %s',
    async (name, compression) => {
      const topic = `kafkajs-${name}`;
      const producer = await connected(kafka.producer());
      const messages = Array.from({ length: 100 }, (_, index) => ({ key: `k${index}`, value: `v${index}` }));
      await producer.send({ topic, compression, messages });
      const seen: string[] = [];
      const consumer = await member(`codec-${name}`, topic, seen);
      await eventually(() => seen.length === 100);
      expect(seen).toEqual(messages.map(({ value }, index) => `0@${index}=${value}`));
      await consumer.disconnect();
    },
    30_000,
  );

  it('finds offsets by time', async () => {
    const admin = await connected(kafka.admin());
    const producer = await connected(kafka.producer());
    const send = (timestamp: number): Promise<unknown> =>
      producer.send({
        topic: 'by-time',
        messages: [{ value: String(timestamp), timestamp: String(timestamp) }],
      });
    const base = Date.now() - 10_000;
    for (const step of [0, 1000, 2000]) await send(base + step);
    expect(await admin.fetchTopicOffsetsByTimestamp('by-time', base + 500)).toMatchObject([{ offset: '1' }]);
    expect(await admin.fetchTopicOffsets('by-time')).toMatchObject([{ low: '0', high: '3' }]);
  }, 30_000);

  it('shares partitions in a group, moves them, and goes on from committed offsets', async () => {
    const admin = await connected(kafka.admin());
    await admin.createTopics({ topics: [{ topic: 'shared', numPartitions: 4 }] });
    const producer = await connected(kafka.producer());
    const send = (from: number, to: number): Promise<unknown> =>
      producer.send({
        topic: 'shared',
        messages: Array.from({ length: to - from }, (_, index) => ({
          partition: (from + index) % 4,
          value: String(from + index),
        })),
      });
    const first: string[] = [];
    const second: string[] = [];
    const one = await member('sharers', 'shared', first);
    await send(0, 40);
    await eventually(() => first.length === 40, 20_000);
    const two = await member('sharers', 'shared', second);
    await eventually(async () => {
      const { groups } = await admin.describeGroups(['sharers']);
      return groups[0]?.state === 'Stable' && groups[0].members.length === 2;
    }, 20_000);
    await send(40, 80);
    await eventually(() => first.length + second.length === 80, 20_000);
    expect(second.length).toBeGreaterThan(0);
    await one.disconnect();
    await send(80, 120);
    await eventually(() => first.length + second.length === 120, 20_000);
    expect(new Set([...first, ...second]).size).toBe(120);
    await two.disconnect();

    await broker.signal('SIGKILL');
    await broker.restart();
    const offsets = await eventually(async () => {
      const [topic] = await admin.fetchOffsets({ groupId: 'sharers', topics: ['shared'] });
      return topic?.partitions;
    }, 20_000);
    expect(offsets.map(({ offset }) => offset)).toEqual(['30', '30', '30', '30']);
  }, 90_000);

  it('produces idempotently', async () => {
    const producer = await connected(kafka.producer({ idempotent: true, maxInFlightRequests: 1 }));
    for (let round = 0; round < 20; round++) {
      await producer.send({ topic: 'once', messages: [{ value: String(round) }] });
    }
    const admin = await connected(kafka.admin());
    expect(await admin.fetchTopicOffsets('once')).toMatchObject([{ offset: '20' }]);
  }, 30_000);

  it('keeps bytes of keys, values and headers', async () => {
    const bytes = Buffer.from([0, 255, 128, 10, 13]);
    const producer = await connected(kafka.producer());
    await producer.send({
      topic: 'bytes',
      messages: [{ key: bytes, value: bytes, headers: { raw: bytes } }],
    });
    const consumer = await connected(kafka.consumer({ groupId: 'bytes-reader', maxWaitTimeInMs: 100 }));
    await consumer.subscribe({ topic: 'bytes', fromBeginning: true });
    const received: KafkaMessage[] = [];
    await consumer.run({
      eachMessage: ({ message }) => {
        received.push(message);
        return Promise.resolve();
      },
    });
    const message = await eventually(() => received[0]);
    expect([message.key, message.value, message.headers?.raw]).toEqual([bytes, bytes, bytes]);
  }, 30_000);
});
