/**
 * DescribeTopicPartitions: topics in pages of partitions, with the replicas that may be elected without loss. The
 * cursor is a struct that may be null. Always flexible.
 *
 * Not obvious: eligible and last known replicas must be empty lists when there are none, because Java's admin client
 * breaks on null.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import {
  arrayOf,
  bool,
  int16,
  int32,
  nullableArrayOf,
  nullableString,
  nullableStruct,
  string,
  uuid,
} from '../schema/fields.js';

export const describeTopicPartitionsApi = defineApi({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: { min: 0, max: 0 },
  flexibleFrom: 0,
  request: {
    topics: arrayOf({ name: string() }),
    responsePartitionLimit: int32({ default: 2000 }),
    cursor: nullableStruct({ topicName: string(), partitionIndex: int32() }, { default: null }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: arrayOf({
      errorCode: int16(),
      name: nullableString(),
      topicId: uuid(),
      isInternal: bool({ default: false }),
      partitions: arrayOf({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32({ default: -1 }),
        replicaNodes: arrayOf(int32()),
        isrNodes: arrayOf(int32()),
        eligibleLeaderReplicas: nullableArrayOf(int32(), { default: [] }),
        lastKnownElr: nullableArrayOf(int32(), { default: [] }),
        offlineReplicas: arrayOf(int32()),
      }),
      topicAuthorizedOperations: int32({ default: -2147483648 }),
    }),
    nextCursor: nullableStruct({ topicName: string(), partitionIndex: int32() }, { default: null }),
  },
});

export type DescribeTopicPartitionsRequest = DecodedRequest<typeof describeTopicPartitionsApi>;
export type DescribeTopicPartitionsResponse = EncodableResponse<typeof describeTopicPartitionsApi>;
