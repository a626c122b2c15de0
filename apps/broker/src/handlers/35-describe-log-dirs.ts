/**
 * DescribeLogDirs: how many bytes each partition takes in this broker's data directory. Null asks for all partitions.
 */
import { ErrorCode, describeLogDirsApi } from '@tidemark/wire';
import { defineHandler, type BrokerContext } from './handler.js';

interface PartitionSize {
  readonly partitionIndex: number;
  readonly partitionSize: number;
  readonly offsetLag: number;
  readonly isFutureKey: boolean;
}

export const describeLogDirsHandler = defineHandler(
  describeLogDirsApi,
  (broker) => (request, _context, respond) => {
    const asked =
      request.topics === null
        ? undefined
        : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]));
    const topics = [...sizes(broker, asked)].map(([name, partitions]) => ({ name, partitions }));
    respond({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      results: [{ errorCode: ErrorCode.NONE, logDir: broker.config.dataDirectory, topics }],
    });
  },
);

function sizes(
  broker: BrokerContext,
  asked: ReadonlyMap<string, ReadonlySet<number>> | undefined,
): Map<string, PartitionSize[]> {
  const byTopic = new Map<string, PartitionSize[]>();
  for (const { topic, partition, log } of broker.replicas.all()) {
    if (asked !== undefined && asked.get(topic)?.has(partition) !== true) continue;
    const size = {
      partitionIndex: partition,
      partitionSize: log.sizeBytes,
      offsetLag: 0,
      isFutureKey: false,
    };
    const partitions = byTopic.get(topic);
    if (partitions === undefined) byTopic.set(topic, [size]);
    else partitions.push(size);
  }
  return byTopic;
}
