/**
 * FetchSnapshot: a piece of a snapshot of the metadata log, for a replica that is behind the leader's log start. Only
 * version 1 is spoken (directory id, the leaders' endpoints). The piece is cut by bytes, not at batches.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import {
  arrayOf,
  int16,
  int32,
  int64,
  nullableString,
  records,
  string,
  struct,
  uuid,
} from '../schema/fields.js';
import { nodeEndpoints } from './node-endpoints.js';

export const fetchSnapshotApi = defineApi({
  key: 59,
  name: 'FetchSnapshot',
  versions: { min: 1, max: 1 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    clusterId: nullableString({ tag: 0 }),
    replicaId: int32({ default: -1 }),
    maxBytes: int32({ default: 2147483647 }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partition: int32(),
        currentLeaderEpoch: int32(),
        snapshotId: struct({ endOffset: int64(), epoch: int32() }),
        position: int64(),
        replicaDirectoryId: uuid({ tag: 0 }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        index: int32(),
        errorCode: int16(),
        snapshotId: struct({ endOffset: int64(), epoch: int32() }),
        currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }, { tag: 0 }),
        size: int64(),
        position: int64(),
        unalignedRecords: records(),
      }),
    }),
    nodeEndpoints: nodeEndpoints(),
  },
});

export type FetchSnapshotRequest = DecodedRequest<typeof fetchSnapshotApi>;
export type FetchSnapshotResponse = EncodableResponse<typeof fetchSnapshotApi>;
