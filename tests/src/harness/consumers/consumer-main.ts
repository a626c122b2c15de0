/**
 * A member of a consumer group in a process of its own, with kafkajs as the platform's services set it: for suites that
 * kill it. Prints one JSON document a line: for every batch the partition, its first offset, and the time; for every
 * heartbeat that its coordinator took `heartbeat`. Arguments: brokers, topic, group, client id.
 */
import { Kafka, logLevel } from 'kafkajs';

const [brokers = '', topic = '', groupId = '', clientId = ''] = process.argv.slice(2);
const kafka = new Kafka({ clientId, brokers: brokers.split(','), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 6_000,
  heartbeatInterval: 300,
  maxWaitTimeInMs: 250,
  retry: { initialRetryTime: 50, retries: 20 },
});
consumer.on(consumer.events.HEARTBEAT, () => {
  process.stdout.write(`${JSON.stringify({ heartbeat: true })}\n`);
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachBatch: async (payload) => {
    const { batch } = payload;
    const line = { partition: batch.partition, offset: batch.firstOffset(), time: Date.now() };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    await payload.heartbeat();
  },
});
