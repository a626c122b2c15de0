/**
 * OffsetForLeaderEpoch: where does the log of a leader epoch end. Asked by followers before they truncate and by
 * consumers that want to notice a lost tail; librdkafka asks exactly version 2. Version 3 adds the asker's id, 4 is
 * flexible.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int64, string } from '../schema/fields.js';

export const offsetForLeaderEpochApi = defineApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: { min: 2, max: 4 },
  flexibleFrom: 4,
  request: {
    replicaId: int32({ since: 3, default: -2 }),
    topics: arrayOf({
      topic: string(),
      partitions: arrayOf({
        partition: int32(),
        currentLeaderEpoch: int32({ default: -1 }),
        leaderEpoch: int32(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: arrayOf({
      topic: string(),
      partitions: arrayOf({
        errorCode: int16(),
        partition: int32(),
        leaderEpoch: int32({ default: -1 }),
        endOffset: int64({ default: -1 }),
      }),
    }),
  },
});

export type OffsetForLeaderEpochRequest = DecodedRequest<typeof offsetForLeaderEpochApi>;
export type OffsetForLeaderEpochResponse = EncodableResponse<typeof offsetForLeaderEpochApi>;
