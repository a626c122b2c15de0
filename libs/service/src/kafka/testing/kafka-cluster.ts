/**
 * Connections of several replicas to one cluster over kafkajs, as specs want them: our broker as a process of its own,
 * or a cluster that somebody else started.
 */
import kafkajs from 'kafkajs';
import { nodeClock, nodeRandom } from '@tidemark/platform/node';
import { silentLogger } from '../../hosting/logger.js';
import { KafkaTopics } from '../kafka-topics.js';
import { BrokerProcess, foreignBrokers } from '../../testing/broker-process.js';
import type { TopicsHarness } from '../../testing/topics-contract.js';

export interface KafkaCluster extends TopicsHarness {
  connect(replica: string): KafkaTopics;
  readonly brokers: readonly string[];
  /** Undefined for a foreign cluster. */
  readonly process: BrokerProcess | undefined;
}

export async function startCluster(): Promise<KafkaCluster> {
  const process = foreignBrokers === undefined ? new BrokerProcess() : undefined;
  await process?.start();
  const brokers = process === undefined ? (foreignBrokers ?? '').split(',') : [process.address];
  const connect = (replica: string): KafkaTopics =>
    new KafkaTopics({ brokers, replica, clock: nodeClock, random: nodeRandom, logger: silentLogger });
  return {
    brokers,
    process,
    connect,
    deleteBefore: async (topic, partition, offset) => {
      const admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
      await admin.connect();
      try {
        // Loads the topic's metadata, without which the deletion does not know its leaders.
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
      } finally {
        await admin.disconnect();
      }
    },
    stop: async () => {
      await process?.remove();
    },
  };
}
