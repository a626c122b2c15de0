/**
 * Metadata: brokers, topics and who leads their partitions. A topic that is asked for by name and does not exist is
 * created where the broker and the client want that; the client is told to come again. One answer per topic asked
 * for, always.
 */
import {
  ErrorCode,
  ZERO_UUID,
  metadataApi,
  type MetadataRequest,
  type MetadataResponse,
} from '@tidemark/wire';
import type { MetadataImage, PartitionImage, TopicImage } from '../controller/metadata-image.js';
import { topicNameFault } from '../controller/topics/topic-names.js';
import { NOT_ASKED, allOperations } from './authorized-operations.js';
import { brokerEndpoints } from './broker-endpoints.js';
import { defineHandler, type BrokerContext, type RequestContext } from './handler.js';

type TopicAsked = NonNullable<MetadataRequest['topics']>[number];
type TopicAnswer = MetadataResponse['topics'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

/** Up to here there is no flag: asking for a topic is enough to create it. */
const ALWAYS_CREATES_VERSION = 3;

export const metadataHandler = defineHandler(metadataApi, (broker) => (request, context, respond) => {
  const image = broker.metadata();
  const clusterAsked = request.includeClusterAuthorizedOperations;
  respond({
    throttleTimeMs: 0,
    brokers: brokerEndpoints(image, broker, context),
    clusterId: image.clusterId,
    controllerId: broker.controller.leaderId,
    topics: topicsOf(broker, request, context),
    clusterAuthorizedOperations: clusterAsked ? allOperations('cluster') : NOT_ASKED,
    errorCode: ErrorCode.NONE,
  });
});

function topicsOf(broker: BrokerContext, request: MetadataRequest, context: RequestContext): TopicAnswer[] {
  const image = broker.metadata();
  const operations = request.includeTopicAuthorizedOperations ? allOperations('topic') : NOT_ASKED;
  const all = request.topics === null || (context.apiVersion === 0 && request.topics.length === 0);
  if (all) return [...image.topics.values()].map((topic) => known(topic, image, operations));
  const flagged = context.apiVersion > ALWAYS_CREATES_VERSION;
  const create =
    broker.config.settings['auto.create.topics.enable'] && (!flagged || request.allowAutoTopicCreation);
  return onceEach(request.topics ?? []).map((asked) => {
    const topic = asked.name === null ? image.topicsById.get(asked.topicId) : image.topics.get(asked.name);
    if (topic !== undefined) return known(topic, image, operations);
    return unknown(asked, create && asked.name !== null ? broker.topicsOnUse.create(asked.name) : undefined);
  });
}

/** A topic asked for a thousand times is answered once, as in Kafka. */
function onceEach(topics: readonly TopicAsked[]): readonly TopicAsked[] {
  if (topics.length < 2) return topics;
  return [...new Map(topics.map((topic) => [topic.name ?? topic.topicId, topic])).values()];
}

function unknown(asked: TopicAsked, created: ErrorCode | undefined): TopicAnswer {
  const answer = { name: asked.name, topicId: asked.topicId, partitions: [] };
  if (asked.name === null) return { ...answer, errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
  const illegal = topicNameFault(asked.name) !== undefined;
  const missing = illegal ? ErrorCode.INVALID_TOPIC_EXCEPTION : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { ...answer, topicId: ZERO_UUID, errorCode: created ?? missing };
}

function known(topic: TopicImage, image: MetadataImage, operations: number): TopicAnswer {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.internal,
    partitions: topic.partitions.map((partition) => partitionAnswer(partition, image)),
    topicAuthorizedOperations: operations,
  };
}

/** A partition without a leader is listed all the same. */
export function partitionAnswer(partition: PartitionImage, image: MetadataImage): PartitionAnswer {
  const isAlive = (id: number): boolean => image.brokers.get(id)?.fenced === false;
  const alive = isAlive(partition.leader);
  return {
    errorCode: alive ? ErrorCode.NONE : ErrorCode.LEADER_NOT_AVAILABLE,
    partitionIndex: partition.partition,
    leaderId: alive ? partition.leader : -1,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: partition.isr,
    offlineReplicas: partition.replicas.filter((id) => !isAlive(id)),
  };
}
