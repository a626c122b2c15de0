/**
 * OffsetCommit: stores a group's positions; answered when they are committed in `__consumer_offsets`. Partitions that
 * cannot be stored fail by themselves, a caller that may not commit now fails for all (G12). Version 10 names topics
 * by id. The retention time of versions 2 to 4 is read and not kept, as in Kafka since 2.1.
 */
import { ErrorCode, offsetCommitApi } from '@tidemark/wire';
import type { OffsetCommitRequest, OffsetCommitResponse } from '@tidemark/wire';
import type { CommittedOffset } from '../groups/group-events.js';
import type { TopicPartition } from '../groups/group-offsets.decider.js';
import { defineHandler } from './handler.js';
import type { BrokerContext } from './handler.js';

/** Below this there was no word for "no such group". */
const GROUP_ID_NOT_FOUND_VERSION = 9;
const TOPIC_IDS_VERSION = 10;

type TopicAsked = OffsetCommitRequest['topics'][number];
type PartitionAsked = TopicAsked['partitions'][number];

export const offsetCommitHandler = defineHandler(offsetCommitApi, (broker) => (request, context, respond) => {
  const byId = context.apiVersion >= TOPIC_IDS_VERSION;
  const nowMs = broker.clock.now();
  const offsets: (TopicPartition & CommittedOffset)[] = [];
  const refused = new Map<PartitionAsked, ErrorCode>();
  for (const topic of request.topics) {
    const name = byId ? broker.metadata().topicsById.get(topic.topicId)?.name : topic.name;
    for (const partition of topic.partitions) {
      const error = refusalOf(broker, name, partition);
      if (error !== ErrorCode.NONE)
        refused.set(partition, byId && name === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : error);
      else
        offsets.push({
          topic: name ?? '',
          partition: partition.partitionIndex,
          ...committed(partition, nowMs),
        });
    }
  }
  const commit = {
    groupId: request.groupId,
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationIdOrMemberEpoch,
    offsets,
  };
  broker.coordinators.groups.commit(commit, (result) => {
    const unknownGroup =
      result === ErrorCode.GROUP_ID_NOT_FOUND && context.apiVersion < GROUP_ID_NOT_FOUND_VERSION;
    const error = unknownGroup ? ErrorCode.ILLEGAL_GENERATION : result;
    respond(
      answer(request, (partition) => (error === ErrorCode.NONE ? (refused.get(partition) ?? error) : error)),
    );
  });
});

function refusalOf(broker: BrokerContext, topic: string | undefined, partition: PartitionAsked): ErrorCode {
  const partitions = broker.metadata().topics.get(topic ?? '')?.partitions;
  if (partitions?.[partition.partitionIndex] === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const bytesMax = broker.config.settings['offset.metadata.max.bytes'];
  const bytes = Buffer.byteLength(partition.committedMetadata ?? '');
  return bytes > bytesMax ? ErrorCode.OFFSET_METADATA_TOO_LARGE : ErrorCode.NONE;
}

function committed(partition: PartitionAsked, commitTimestampMs: number): CommittedOffset {
  return {
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
    commitTimestampMs,
  };
}

function answer(
  request: OffsetCommitRequest,
  errorOf: (partition: PartitionAsked) => ErrorCode,
): OffsetCommitResponse {
  return {
    topics: request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: errorOf(partition),
      })),
    })),
  };
}
