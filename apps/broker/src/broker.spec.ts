/**
 * A whole broker on its own directory and a free port: kafkajs as its client, restart, shutdown and what it refuses.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import { LogError } from '@tidemark/log';
import { fetchApi } from '@tidemark/wire';
import { RunningBroker, brokerOf, until } from './testing/running-broker.js';

describe('a broker and kafkajs', () => {
  let running: RunningBroker;
  beforeAll(async () => {
    running = await RunningBroker.start({
      TIDEMARK_KAFKA_NUM_PARTITIONS: '3',
      TIDEMARK_KAFKA_LOG_RETENTION_MS: '-1',
    });
  });
  afterAll(() => running.stop());

  const clientOf = (): Kafka =>
    new Kafka({
      clientId: 'spec',
      brokers: [running.bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { retries: 10 },
    });

  it('produces to a topic that comes to be by it, and consumes it in a group', async () => {
    const kafka = clientOf();
    const producer = kafka.producer({ idempotent: true });
    await producer.connect();
    const messages = Array.from({ length: 100 }, (_, i) => ({
      key: `k${i % 7}`,
      value: `v${i}`,
      headers: { i: `${i}` },
    }));
    const metadata = await producer.send({ topic: 'orders', messages });
    expect(metadata.map(({ errorCode }) => errorCode)).toEqual(metadata.map(() => 0));
    const consumer = kafka.consumer({ groupId: 'g', maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    const got: KafkaMessage[] = [];
    await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void got.push(message)) });
    await until(() => got.length >= 100);
    expect(new Set(got.map(({ value }) => value?.toString())).size).toBe(100);
    expect(got.every(({ headers, value }) => `v${headers?.i?.toString()}` === value?.toString())).toBe(true);
    const perKey = (key: string): number[] =>
      got
        .filter((message) => message.key?.toString() === key)
        .map(({ value }) => Number(value?.toString().slice(1)));
    for (const key of ['k0', 'k3', 'k6']) expect(perKey(key)).toEqual([...perKey(key)].sort((a, b) => a - b));
    await consumer.disconnect();
    await producer.disconnect();
  });

  it('lists offsets by place and by time', async () => {
    const kafka = clientOf();
    const admin = kafka.admin();
    const producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic: 'times', numPartitions: 1 }], waitForLeaders: true });
    for (const timestamp of ['1000', '2000', '3000']) {
      await producer.send({ topic: 'times', messages: [{ value: timestamp, timestamp }] });
    }
    const [offsets] = await admin.fetchTopicOffsets('times');
    expect(offsets).toMatchObject({ low: '0', high: '3', offset: '3' });
    expect(await admin.fetchTopicOffsetsByTimestamp('times', 2000)).toEqual([{ partition: 0, offset: '1' }]);
    await admin.deleteTopicRecords({ topic: 'times', partitions: [{ partition: 0, offset: '2' }] });
    expect((await admin.fetchTopicOffsets('times'))[0]).toMatchObject({ low: '2', high: '3' });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });

  it('describes its cluster', async () => {
    const admin = clientOf().admin();
    await admin.connect();
    const { brokers, controller, clusterId } = await admin.describeCluster();
    expect(brokers).toEqual([{ nodeId: 1, host: '127.0.0.1', port: running.addresses.kafka.port }]);
    expect({ controller, clusterId }).toEqual({ controller: 1, clusterId: 'spec-cluster' });
    await admin.disconnect();
  });
});

describe('the life of a broker', () => {
  it('keeps what was acknowledged over a restart, and says over HTTP how it is', async () => {
    const running = await RunningBroker.start();
    try {
      const client = await running.connect();
      await client.createTopic('kept');
      const kafka = new Kafka({ brokers: [running.bootstrap], logLevel: logLevel.NOTHING });
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({ topic: 'kept', messages: [{ value: 'one' }, { value: 'two' }] });
      await producer.disconnect();
      await running.restart();
      expect((await fetch(`${running.admin}/readyz`)).status).toBe(200);
      expect((await fetch(`${running.admin}/healthz`)).status).toBe(200);
      const topics = (await (await fetch(`${running.admin}/topics`)).json()) as {
        name: string;
        partitions: unknown[];
      }[];
      expect(topics.find(({ name }) => name === 'kept')?.partitions).toMatchObject([
        { highWatermark: 2, leader: 1 },
      ]);
      const metrics = await (await fetch(`${running.admin}/metrics`)).text();
      expect(metrics).toContain('tidemark_broker_partitions 1');
      expect(metrics).toContain('tidemark_broker_quorum_leader_id 1');
      expect(metrics).toContain('tidemark_broker_quorum_elections_total 1');
      const kept = await fetch(`${running.admin}/topics/kept`);
      expect(await kept.json()).toMatchObject({ name: 'kept', partitions: [{ followers: [] }] });
      expect(metrics).toMatch(/tidemark_broker_requests_total\{api="Produce"\} 0/);
      for (const path of ['/nothing', '//', '/%ff?x', '/topics/nowhere']) {
        expect((await fetch(`${running.admin}${path}`)).status).toBe(404);
      }
      expect((await fetch(`${running.admin}/topics`, { method: 'DELETE' })).status).toBe(405);
    } finally {
      await running.stop();
    }
  });

  it('answers a parked fetch at once when it stops', async () => {
    const running = await RunningBroker.start();
    const client = await running.connect();
    await client.createTopic('quiet');
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
    const parked = client.ask(fetchApi, 11, {
      maxWaitMs: 60_000,
      minBytes: 1,
      topics: [{ topic: 'quiet', partitions }],
    });
    await until(() => running.broker.replicas.parkedReads === 1);
    const started = performance.now();
    const stopped = running.broker.stop();
    expect((await parked).responses[0]?.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 0 });
    await client.closed;
    await stopped;
    expect(performance.now() - started).toBeLessThan(2_000);
    rmSync(running.directory, { recursive: true });
  });

  it('shares its data directory and its port with nobody', async () => {
    const running = await RunningBroker.start();
    try {
      expect(() => brokerOf({ TIDEMARK_DATA: running.directory })).toThrow(LogError);
      const other = mkdtempSync(join(tmpdir(), 'tidemark-broker-spec-'));
      const second = brokerOf({ TIDEMARK_DATA: other, TIDEMARK_LISTEN: running.bootstrap });
      await expect(second.start()).rejects.toThrow(`clients on ${running.bootstrap}: the port is in use`);
      // It has let go of its own directory, in order.
      await brokerOf({ TIDEMARK_DATA: other }).stop();
      rmSync(other, { recursive: true });
    } finally {
      await running.stop();
    }
  });

  it("refuses another cluster's directory and one that is not a broker's", async () => {
    const running = await RunningBroker.start();
    await running.broker.stop();
    expect(() => brokerOf({ TIDEMARK_DATA: running.directory, TIDEMARK_CLUSTER_ID: 'other' })).toThrow(
      /cluster/,
    );
    expect(() => brokerOf({ TIDEMARK_DATA: running.directory, TIDEMARK_NODE_ID: '7' })).toThrow(LogError);
    rmSync(running.directory, { recursive: true });
    const foreign = mkdtempSync(join(tmpdir(), 'tidemark-broker-spec-'));
    writeFileSync(join(foreign, 'holiday.jpg'), 'not a log');
    expect(() => brokerOf({ TIDEMARK_DATA: foreign })).toThrow(LogError);
    expect(existsSync(join(foreign, 'holiday.jpg'))).toBe(true);
    rmSync(foreign, { recursive: true });
  });
});
