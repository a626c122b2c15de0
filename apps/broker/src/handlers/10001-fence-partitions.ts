/**
 * FencePartitions: the controller is about to elect leaders of quorum topics and asks this broker's replicas to accept
 * nothing of lower epochs any more. The promises are on disk before they are answered. A replica that may lack what it
 * acknowledged does not answer with its log's end, for that would be a vote.
 */
import { DiskError } from '@tidemark/platform';
import { ErrorCode, fencePartitionsApi, type FencePartitionsRequest } from '@tidemark/wire';
import { refusedFence, type FenceAnswer, type FenceWanted } from '../replicas/partition-fences.js';
import { defineHandler, type BrokerContext } from './handler.js';

export const fencePartitionsHandler = defineHandler(
  fencePartitionsApi,
  (broker) => (request, _context, respond) => {
    if (request.clusterId !== null && request.clusterId !== broker.config.clusterId) {
      respond({ errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID, topics: [] });
      return;
    }
    const answers = fence(broker, request);
    let at = 0;
    const topics = request.topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition }) => {
        const { error, ...position } = answers[at++] ?? refusedFence(ErrorCode.UNKNOWN_SERVER_ERROR);
        return { partition, errorCode: error, ...position };
      }),
    }));
    respond({ errorCode: ErrorCode.NONE, topics });
  },
);

function fence(broker: BrokerContext, { topics }: FencePartitionsRequest): readonly FenceAnswer[] {
  const wanted = topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partition, epoch }): FenceWanted => ({ topicId, partition, epoch })),
  );
  try {
    return broker.replicas.fence(wanted);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    broker.logger.error({ err: error }, 'fences cannot be written');
    return wanted.map(() => refusedFence(ErrorCode.KAFKA_STORAGE_ERROR));
  }
}
