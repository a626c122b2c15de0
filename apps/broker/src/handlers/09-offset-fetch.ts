/**
 * OffsetFetch: a group's stored positions. Nothing stored, an unknown topic and an unknown group are all offset -1
 * with empty metadata and no error (G13). Null asks for all topics. From version 8 on several groups at once, from 10
 * topics by id. There are no transactions yet, so every offset is stable.
 */
import { ErrorCode, offsetFetchApi } from '@tidemark/wire';
import type { OffsetFetchRequest, OffsetFetchResponse } from '@tidemark/wire';
import type { CommittedOffset } from '../groups/group-events.js';
import type { GroupRecords } from '../groups/group-offsets.decider.js';
import { defineHandler } from './handler.js';
import type { BrokerContext } from './handler.js';

const TOP_LEVEL_ERROR_VERSION = 2;
const SEVERAL_GROUPS_VERSION = 8;
const TOPIC_IDS_VERSION = 10;

type TopicAnswer = NonNullable<OffsetFetchResponse['topics']>[number];
type PartitionAnswer = TopicAnswer['partitions'][number];
type GroupAsked = OffsetFetchRequest['groups'][number];
type GroupAnswer = NonNullable<OffsetFetchResponse['groups']>[number];

export const offsetFetchHandler = defineHandler(offsetFetchApi, (broker) => (request, context, respond) => {
  if (context.apiVersion >= SEVERAL_GROUPS_VERSION) {
    const byId = context.apiVersion >= TOPIC_IDS_VERSION;
    respond({
      groups: request.groups.map((group) => (byId ? groupById(broker, group) : groupByName(broker, group))),
    });
    return;
  }
  const { error, records } = recordsOf(broker, request.groupId);
  const perPartition = context.apiVersion < TOP_LEVEL_ERROR_VERSION ? error : ErrorCode.NONE;
  const topics = error === ErrorCode.NONE || perPartition !== ErrorCode.NONE ? request.topics : [];
  respond({ topics: topicsOf(records, topics, perPartition), errorCode: error });
});

function recordsOf(
  broker: BrokerContext,
  groupId: string,
): { error: ErrorCode; records: GroupRecords | undefined } {
  const partition = broker.coordinators.groups.partitionOf(groupId);
  if (typeof partition === 'number') return { error: partition, records: undefined };
  return { error: ErrorCode.NONE, records: partition.recordsOf(groupId) };
}

function groupByName(broker: BrokerContext, { groupId, topics }: GroupAsked): GroupAnswer {
  const { error, records } = recordsOf(broker, groupId);
  if (error !== ErrorCode.NONE) return { groupId, errorCode: error, topics: [] };
  return { groupId, errorCode: error, topics: topicsOf(records, topics, ErrorCode.NONE) };
}

function groupById(broker: BrokerContext, { groupId, topics }: GroupAsked): GroupAnswer {
  const { error, records } = recordsOf(broker, groupId);
  if (error !== ErrorCode.NONE) return { groupId, errorCode: error, topics: [] };
  const image = broker.metadata();
  if (topics === null) {
    const all = topicsOf(records, null, ErrorCode.NONE).flatMap(({ name, partitions }) => {
      const topicId = image.topics.get(name)?.id;
      return topicId === undefined ? [] : [{ topicId, partitions }];
    });
    return { groupId, topics: all };
  }
  return {
    groupId,
    topics: topics.map(({ topicId, partitionIndexes }) => {
      const name = image.topicsById.get(topicId)?.name;
      const unknown = name === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.NONE;
      const committed = name === undefined ? undefined : records?.offsets.get(name);
      return {
        topicId,
        partitions: partitionIndexes.map((index) => position(index, committed?.get(index), unknown)),
      };
    }),
  };
}

function topicsOf(
  records: GroupRecords | undefined,
  asked: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[] | null,
  error: ErrorCode,
): TopicAnswer[] {
  if (asked === null) {
    return [...(records?.offsets ?? [])].map(([name, committed]) => ({
      name,
      partitions: [...committed].map(([index, offset]) => position(index, offset, error)),
    }));
  }
  return asked.map(({ name, partitionIndexes }) => {
    const committed = records?.offsets.get(name);
    return {
      name,
      partitions: partitionIndexes.map((index) => position(index, committed?.get(index), error)),
    };
  });
}

function position(
  partitionIndex: number,
  committed: CommittedOffset | undefined,
  errorCode: ErrorCode,
): PartitionAnswer {
  return {
    partitionIndex,
    committedOffset: committed?.offset ?? -1,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? '',
    errorCode,
  };
}
