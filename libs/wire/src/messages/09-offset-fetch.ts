/**
 * OffsetFetch: a group's stored positions. Version 2 takes null for all topics and adds a top-level error, 5 leader
 * epochs, 6 is flexible, 7 asks for stable offsets only, 8 asks for several groups at once (other fields than
 * before), 9 adds member epochs, 10 topic ids.
 *
 * Not obvious: nothing stored, an unknown topic and an unknown group are all offset -1 with empty metadata and no
 * error.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import {
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  nullableArrayOf,
  nullableString,
  string,
  uuid,
} from '../schema/fields.js';

export const offsetFetchApi = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: { min: 1, max: 10 },
  flexibleFrom: 6,
  request: {
    groupId: string({ until: 7 }),
    topics: nullableArrayOf(
      { name: string(), partitionIndexes: arrayOf(int32()) },
      { until: 7, nullableSince: 2, default: [] },
    ),
    groups: arrayOf(
      {
        groupId: string(),
        memberId: nullableString({ since: 9, default: null }),
        memberEpoch: int32({ since: 9, default: -1 }),
        topics: nullableArrayOf({
          name: string({ until: 9 }),
          topicId: uuid({ since: 10 }),
          partitionIndexes: arrayOf(int32()),
        }),
      },
      { since: 8 },
    ),
    requireStable: bool({ since: 7, default: false }),
  },
  response: {
    throttleTimeMs: int32({ since: 3 }),
    topics: arrayOf(
      {
        name: string(),
        partitions: arrayOf({
          partitionIndex: int32(),
          committedOffset: int64(),
          committedLeaderEpoch: int32({ since: 5, default: -1 }),
          metadata: nullableString(),
          errorCode: int16(),
        }),
      },
      { until: 7 },
    ),
    errorCode: int16({ since: 2, until: 7, default: 0 }),
    groups: arrayOf(
      {
        groupId: string(),
        topics: arrayOf({
          name: string({ until: 9 }),
          topicId: uuid({ since: 10 }),
          partitions: arrayOf({
            partitionIndex: int32(),
            committedOffset: int64(),
            committedLeaderEpoch: int32({ default: -1 }),
            metadata: nullableString(),
            errorCode: int16(),
          }),
        }),
        errorCode: int16({ default: 0 }),
      },
      { since: 8 },
    ),
  },
});

export type OffsetFetchRequest = DecodedRequest<typeof offsetFetchApi>;
export type OffsetFetchResponse = EncodableResponse<typeof offsetFetchApi>;
