/**
 * Fetch: read record batches, for consumers and for followers. Version 5 adds the log start, 7 fetch sessions, 9
 * leader epochs, 10 zstd, 11 the rack, 12 is flexible and finds diverging epochs, 13 names topics by id, 15 moves
 * the replica id into a tagged struct, 16 names the current leaders' endpoints, 17 and 18 add what a follower knows
 * of itself (tagged).
 *
 * Not obvious: an answer without records carries empty ones, never null (librdkafka rejects the whole answer). The
 * default of the request's high watermark is the largest 64-bit integer, 2^63 as a number here.
 */
import { defineApi } from '../api.js';
import type { Decoded, Encodable } from '../schema/field.js';
import {
  arrayOf,
  int16,
  int32,
  int64,
  int8,
  nullableArrayOf,
  nullableString,
  records,
  string,
  struct,
  uuid,
} from '../schema/fields.js';
import { decodeFetchRequest, encodeFetchResponse } from './01-fetch-codec.js';

export * from './01-fetch-codec.js';

const request = {
  clusterId: nullableString({ since: 12, tag: 0, default: null }),
  replicaId: int32({ until: 14, default: -1 }),
  replicaState: struct(
    { replicaId: int32({ default: -1 }), replicaEpoch: int64({ default: -1 }) },
    { since: 15, tag: 1 },
  ),
  maxWaitMs: int32(),
  minBytes: int32(),
  maxBytes: int32({ default: 2147483647 }),
  isolationLevel: int8({ default: 0 }),
  sessionId: int32({ since: 7, default: 0 }),
  sessionEpoch: int32({ since: 7, default: -1 }),
  topics: arrayOf({
    topic: string({ until: 12 }),
    topicId: uuid({ since: 13 }),
    partitions: arrayOf({
      partition: int32(),
      currentLeaderEpoch: int32({ since: 9, default: -1 }),
      fetchOffset: int64(),
      lastFetchedEpoch: int32({ since: 12, default: -1 }),
      logStartOffset: int64({ since: 5, default: -1 }),
      partitionMaxBytes: int32(),
      replicaDirectoryId: uuid({ since: 17, tag: 0 }),
      highWatermark: int64({ since: 18, tag: 1, default: 2 ** 63 }),
    }),
  }),
  forgottenTopicsData: arrayOf(
    {
      topic: string({ until: 12 }),
      topicId: uuid({ since: 13 }),
      partitions: arrayOf(int32()),
    },
    { since: 7 },
  ),
  rackId: string({ since: 11, default: '' }),
};

const response = {
  throttleTimeMs: int32({ default: 0 }),
  errorCode: int16({ since: 7 }),
  sessionId: int32({ since: 7, default: 0 }),
  responses: arrayOf({
    topic: string({ until: 12 }),
    topicId: uuid({ since: 13 }),
    partitions: arrayOf({
      partitionIndex: int32(),
      errorCode: int16(),
      highWatermark: int64(),
      lastStableOffset: int64({ default: -1 }),
      logStartOffset: int64({ since: 5, default: -1 }),
      divergingEpoch: struct(
        { epoch: int32({ default: -1 }), endOffset: int64({ default: -1 }) },
        { since: 12, tag: 0 },
      ),
      currentLeader: struct(
        { leaderId: int32({ default: -1 }), leaderEpoch: int32({ default: -1 }) },
        { since: 12, tag: 1 },
      ),
      snapshotId: struct(
        { endOffset: int64({ default: -1 }), epoch: int32({ default: -1 }) },
        { since: 12, tag: 2 },
      ),
      abortedTransactions: nullableArrayOf({ producerId: int64(), firstOffset: int64() }, { default: null }),
      preferredReadReplica: int32({ since: 11, default: -1 }),
      records: records(),
    }),
  }),
  nodeEndpoints: arrayOf(
    {
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: nullableString({ default: null }),
    },
    { since: 16, tag: 0 },
  ),
};

export type FetchRequest = Decoded<typeof request>;
export type FetchResponse = Encodable<typeof response>;

export const fetchApi = defineApi(
  {
    key: 1,
    name: 'Fetch',
    versions: { min: 4, max: 18 },
    flexibleFrom: 12,
    request,
    response,
  },
  { decodeRequest: decodeFetchRequest, encodeResponse: encodeFetchResponse },
);
