/**
 * Metadata: brokers, topics, partitions and their leaders. Version 1 adds racks and the controller, 4 the wish for
 * auto-creation, 5 offline replicas, 7 leader epochs, 8 permitted operations, 9 is flexible, 10 adds topic ids, 12
 * asks by topic id, 13 a top-level error.
 *
 * Not obvious: in version 0 an empty list of topics means all of them, later null does and an empty list means none.
 * One answer per topic asked for, always.
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
  string,
  uuid,
} from '../schema/fields.js';

export const metadataApi = defineApi({
  key: 3,
  name: 'Metadata',
  versions: { min: 0, max: 13 },
  flexibleFrom: 9,
  request: {
    topics: nullableArrayOf(
      { topicId: uuid({ since: 10 }), name: nullableString({ nullableSince: 10 }) },
      { nullableSince: 1 },
    ),
    allowAutoTopicCreation: bool({ since: 4, default: true }),
    includeClusterAuthorizedOperations: bool({ since: 8, until: 10 }),
    includeTopicAuthorizedOperations: bool({ since: 8 }),
  },
  response: {
    throttleTimeMs: int32({ since: 3 }),
    brokers: arrayOf({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: nullableString({ since: 1, default: null }),
    }),
    clusterId: nullableString({ since: 2, default: null }),
    controllerId: int32({ since: 1, default: -1 }),
    topics: arrayOf({
      errorCode: int16(),
      name: nullableString({ nullableSince: 12 }),
      topicId: uuid({ since: 10 }),
      isInternal: bool({ since: 1, default: false }),
      partitions: arrayOf({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32({ since: 7, default: -1 }),
        replicaNodes: arrayOf(int32()),
        isrNodes: arrayOf(int32()),
        offlineReplicas: arrayOf(int32(), { since: 5 }),
      }),
      topicAuthorizedOperations: int32({ since: 8, default: -2147483648 }),
    }),
    clusterAuthorizedOperations: int32({ since: 8, until: 10, default: -2147483648 }),
    errorCode: int16({ since: 13 }),
  },
});

export type MetadataRequest = DecodedRequest<typeof metadataApi>;
export type MetadataResponse = EncodableResponse<typeof metadataApi>;
