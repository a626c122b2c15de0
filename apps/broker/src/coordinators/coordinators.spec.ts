/** Groups and administration through kafkajs against a running broker, restarts included. */
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import type { Admin, Consumer, ConsumerGroupJoinEvent } from 'kafkajs';
import { RunningBroker, until } from '../testing/running-broker.js';

/** Unmodified kafkajs against a real broker: groups, rebalances, offsets, administration, and a restart between. */
describe('groups and administration by kafkajs', () => {
  let running: RunningBroker;
  const consumers: Consumer[] = [];
  const admins: Admin[] = [];
  beforeEach(async () => {
    running = await RunningBroker.start();
  });
  afterEach(async () => {
    await Promise.all([...consumers.splice(0), ...admins.splice(0)].map((client) => client.disconnect()));
    await running.stop();
  });

  const kafka = (): Kafka =>
    new Kafka({
      clientId: 'spec',
      brokers: [running.bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { retries: 20, initialRetryTime: 50, maxRetryTime: 500 },
    });

  const adminOf = async (): Promise<Admin> => {
    const admin = kafka().admin();
    await admin.connect();
    admins.push(admin);
    return admin;
  };

  const produce = async (topic: string, values: readonly string[], partition?: number): Promise<void> => {
    const producer = kafka().producer({ idempotent: true });
    await producer.connect();
    const messages = values.map((value) => ({
      value,
      key: value,
      ...(partition === undefined ? {} : { partition }),
    }));
    await producer.send({ topic, messages });
    await producer.disconnect();
  };

  interface Member {
    readonly consumer: Consumer;
    readonly got: string[];
    /** Partitions of the latest generation, and how many generations there were. */
    assigned: readonly number[];
    generations: number;
  }

  const consume = async (groupId: string, topic: string): Promise<Member> => {
    const consumer = kafka().consumer({
      groupId,
      sessionTimeout: 6000,
      heartbeatInterval: 300,
      rebalanceTimeout: 5000,
      maxWaitTimeInMs: 100,
    });
    consumers.push(consumer);
    const member: Member = { consumer, got: [], assigned: [], generations: 0 };
    consumer.on('consumer.group_join', ({ payload }: ConsumerGroupJoinEvent) => {
      member.assigned = payload.memberAssignment[topic] ?? [];
      member.generations += 1;
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommitInterval: 50,
      eachMessage: ({ message }) => Promise.resolve(void member.got.push(message.value?.toString() ?? '')),
    });
    await until(() => member.generations > 0);
    return member;
  };

  it('share a topic, hand over when a member leaves, and go on where the group was', async () => {
    const admin = await adminOf();
    await admin.createTopics({ topics: [{ topic: 'work', numPartitions: 4 }] });
    const first = await consume('team', 'work');
    expect(first.assigned).toHaveLength(4);
    const second = await consume('team', 'work');
    await until(() => first.assigned.length === 2 && second.assigned.length === 2);
    expect(new Set([...first.assigned, ...second.assigned]).size).toBe(4);
    const values = Array.from({ length: 200 }, (_, index) => `v${index}`);
    await produce('work', values);
    await until(() => first.got.length + second.got.length >= 200);
    expect(new Set([...first.got, ...second.got])).toEqual(new Set(values));
    expect(await admin.describeGroups(['team'])).toMatchObject({
      groups: [{ groupId: 'team', state: 'Stable', protocolType: 'consumer', members: [{}, {}] }],
    });
    await second.consumer.disconnect();
    await until(() => first.assigned.length === 4);
    const before = first.got.length;
    await produce('work', ['after']);
    await until(() => first.got.length > before);
    expect(first.got.slice(before)).toEqual(['after']);
  }, 30_000);

  it('keep their offsets over a restart, and their members come back by themselves', async () => {
    const admin = await adminOf();
    await admin.createTopics({ topics: [{ topic: 'work', numPartitions: 2 }] });
    await produce('work', ['a', 'b', 'c', 'd'], 1);
    const member = await consume('team', 'work');
    await until(() => member.got.length === 4);
    await until(async () => (await committed(admin, 'team', 'work'))[1] === '4');
    const port = running.addresses.kafka.port;
    await running.restart({ TIDEMARK_LISTEN: `127.0.0.1:${port}` });
    expect(await committed(admin, 'team', 'work')).toEqual(['-1', '4']);
    await produce('work', ['e'], 1);
    await until(() => member.got.length === 5, 20_000);
    expect(member.got).toEqual(['a', 'b', 'c', 'd', 'e']);
    await member.consumer.disconnect();
    await until(async () => (await admin.describeGroups(['team'])).groups[0]?.state === 'Empty');
  }, 40_000);

  const committed = async (admin: Admin, groupId: string, topic: string): Promise<string[]> => {
    const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return (answer?.partitions ?? [])
      .sort((one, other) => one.partition - other.partition)
      .map(({ offset }) => offset);
  };

  it('have their offsets set and deleted by an administrator', async () => {
    const admin = await adminOf();
    await admin.createTopics({ topics: [{ topic: 'work', numPartitions: 2 }] });
    await produce('work', ['a', 'b', 'c'], 0);
    await admin.setOffsets({ groupId: 'g', topic: 'work', partitions: [{ partition: 0, offset: '2' }] });
    expect(await committed(admin, 'g', 'work')).toEqual(['2', '-1']);
    expect((await admin.listGroups()).groups).toEqual([{ groupId: 'g', protocolType: 'consumer' }]);
    expect(await admin.deleteGroups(['g'])).toMatchObject([{ groupId: 'g', errorCode: 0 }]);
    expect(await committed(admin, 'g', 'work')).toEqual(['-1', '-1']);
    await expect(admin.deleteGroups(['g'])).rejects.toMatchObject({
      groups: [{ groupId: 'g', errorCode: 69 }],
    });
    expect((await admin.describeGroups(['g'])).groups).toMatchObject([{ groupId: 'g', state: 'Dead' }]);
  }, 20_000);

  it('cannot be deleted while somebody is in', async () => {
    const admin = await adminOf();
    await admin.createTopics({ topics: [{ topic: 'work' }] });
    await consume('busy', 'work');
    await expect(admin.deleteGroups(['busy'])).rejects.toMatchObject({ groups: [{ errorCode: 68 }] });
  }, 20_000);

  it('topics are created, changed, described and deleted, and all of it survives a restart', async () => {
    const admin = await adminOf();
    const configEntries = [{ name: 'retention.ms', value: '60000' }];
    expect(await admin.createTopics({ topics: [{ topic: 'one', numPartitions: 2, configEntries }] })).toBe(
      true,
    );
    expect(await admin.createTopics({ topics: [{ topic: 'one' }] })).toBe(false);
    await admin.createTopics({ topics: [{ topic: 'two' }] });
    await admin.createPartitions({ topicPartitions: [{ topic: 'one', count: 3 }] });
    await expect(admin.createPartitions({ topicPartitions: [{ topic: 'one', count: 3 }] })).rejects.toThrow();
    await admin.setOffsets({ groupId: 'g', topic: 'two', partitions: [{ partition: 0, offset: '5' }] });
    await admin.deleteTopics({ topics: ['two'] });
    expect(await admin.listTopics()).toEqual(expect.arrayContaining(['one', '__consumer_offsets']));
    expect(await admin.listTopics()).not.toContain('two');
    await running.restart({ TIDEMARK_LISTEN: `127.0.0.1:${running.addresses.kafka.port}` });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['one'] });
    expect(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader])).toHaveLength(3);
    const { resources } = await admin.describeConfigs({
      resources: [
        { type: ConfigResourceTypes.TOPIC, name: 'one', configNames: ['retention.ms', 'segment.bytes'] },
      ],
      includeSynonyms: true,
    });
    expect(resources[0]?.configEntries).toMatchObject([
      { configName: 'retention.ms', configValue: '60000', configSource: 1 },
      { configName: 'segment.bytes', configValue: '1073741824', configSource: 5 },
    ]);
    // A topic of the same name made again has nothing of the old one, its offsets included.
    await admin.createTopics({ topics: [{ topic: 'two' }] });
    expect(await committed(admin, 'g', 'two')).toEqual(['-1']);
    expect((await admin.fetchTopicOffsets('two'))[0]).toMatchObject({ low: '0', high: '0' });
  }, 30_000);
});
