/**
 * OffsetForLeaderEpoch: where the records of a leader epoch end. Consumers ask after a change of leader, to notice
 * that records they read are gone; followers before they truncate (KIP-101, KIP-320).
 */
import { ErrorCode, offsetForLeaderEpochApi, type OffsetForLeaderEpochRequest } from '@tidemark/wire';
import { defineHandler, type BrokerContext } from './handler.js';

type PartitionAsked = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number];

export const offsetForLeaderEpochHandler = defineHandler(
  offsetForLeaderEpochApi,
  (broker) => (request, _context, respond) => {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => answer(broker, topic, asked)),
    }));
    respond({ throttleTimeMs: 0, topics });
  },
);

function answer(broker: BrokerContext, topic: string, asked: PartitionAsked) {
  const { partition } = asked;
  const replica = broker.replicas.leader(topic, partition);
  const error = typeof replica === 'number' ? replica : replica.checkEpoch(asked.currentLeaderEpoch);
  if (typeof replica === 'number' || error !== ErrorCode.NONE) return { errorCode: error, partition };
  // The current epoch ends where consumers may read to, and goes on.
  if (asked.leaderEpoch === replica.leaderEpoch) {
    const { leaderEpoch, logEndOffset } = replica;
    return { errorCode: ErrorCode.NONE, partition, leaderEpoch, endOffset: logEndOffset };
  }
  const { leaderEpoch, endOffset } = replica.log.endOffsetForEpoch(asked.leaderEpoch);
  return { errorCode: ErrorCode.NONE, partition, leaderEpoch, endOffset };
}
