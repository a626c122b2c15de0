/**
 * DescribeTopicPartitions: topics by name, in pages of partitions. A page ends at the limit that the client or the
 * broker sets, and names the first partition that it left out. A cursor that points outside of what is asked for is
 * INVALID_REQUEST for every topic.
 */
import {
  ErrorCode,
  ZERO_UUID,
  describeTopicPartitionsApi,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
} from '@tidemark/wire';
import type { MetadataImage } from '../controller/metadata-image.js';
import { topicNameFault } from '../controller/topics/topic-names.js';
import { partitionAnswer } from './03-metadata.js';
import { allOperations } from './authorized-operations.js';
import { defineHandler } from './handler.js';

type TopicAnswer = DescribeTopicPartitionsResponse['topics'][number];
type Page = Required<Pick<DescribeTopicPartitionsResponse, 'topics' | 'nextCursor'>>;

export const describeTopicPartitionsHandler = defineHandler(
  describeTopicPartitionsApi,
  (broker) => (request, _context, respond) => {
    const limit = Math.min(
      Math.max(1, request.responsePartitionLimit),
      broker.config.settings['max.request.partition.size.limit'],
    );
    respond({ throttleTimeMs: 0, ...pageOf(broker.metadata(), request, limit) });
  },
);

function pageOf(image: MetadataImage, request: DescribeTopicPartitionsRequest, limit: number): Page {
  const { cursor } = request;
  const all = request.topics.length === 0;
  const asked = all ? [...image.topics.keys()] : request.topics.map(({ name }) => name);
  if (cursor !== null && (cursor.partitionIndex < 0 || (!all && !asked.includes(cursor.topicName)))) {
    return { topics: asked.map((name) => failed(name, ErrorCode.INVALID_REQUEST)), nextCursor: null };
  }
  const names = [...new Set(asked)].sort().filter((name) => cursor === null || name >= cursor.topicName);
  const topics: TopicAnswer[] = [];
  let left = limit;
  for (const name of names) {
    const first = name === cursor?.topicName ? Math.max(0, cursor.partitionIndex) : 0;
    if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } };
    const topic = topicAnswer(image, name, first, left);
    topics.push(topic);
    left -= topic.partitions.length;
    const next = first + topic.partitions.length;
    if (next < (image.topics.get(name)?.partitions.length ?? 0)) {
      return { topics, nextCursor: { topicName: name, partitionIndex: next } };
    }
  }
  return { topics, nextCursor: null };
}

function failed(name: string, errorCode: ErrorCode): TopicAnswer {
  return { errorCode, name, topicId: ZERO_UUID, partitions: [] };
}

function topicAnswer(image: MetadataImage, name: string, first: number, limit: number): TopicAnswer {
  const topic = image.topics.get(name);
  if (topic === undefined) {
    const illegal = topicNameFault(name) !== undefined;
    const errorCode = illegal ? ErrorCode.INVALID_TOPIC_EXCEPTION : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    return failed(name, errorCode);
  }
  return {
    errorCode: ErrorCode.NONE,
    name,
    topicId: topic.id,
    isInternal: topic.internal,
    partitions: topic.partitions.slice(first, first + limit).map((partition) => ({
      ...partitionAnswer(partition, image),
      offlineReplicas: partition.replicas.filter((id) => image.brokers.get(id)?.fenced !== false),
      eligibleLeaderReplicas: partition.elr,
      lastKnownElr: partition.lastKnownElr,
    })),
    topicAuthorizedOperations: allOperations('topic'),
  };
}
