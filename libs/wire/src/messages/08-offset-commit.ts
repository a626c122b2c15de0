/**
 * OffsetCommit: a group's positions, to be stored. Versions 2 to 4 carried a retention time (ignored), 6 adds the
 * leader epoch of the committed offset, 7 static members, 8 is flexible, 9 uses the same field for the member epochs
 * of newer groups, 10 names topics by id.
 *
 * Not obvious: generation -1 with an empty member id is a commit from outside of any membership, allowed while the
 * group is empty.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int64, nullableString, string, uuid } from '../schema/fields.js';

export const offsetCommitApi = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: { min: 2, max: 10 },
  flexibleFrom: 8,
  request: {
    groupId: string(),
    generationIdOrMemberEpoch: int32({ default: -1 }),
    memberId: string(),
    groupInstanceId: nullableString({ since: 7, default: null }),
    retentionTimeMs: int64({ until: 4, default: -1 }),
    topics: arrayOf({
      name: string({ until: 9 }),
      topicId: uuid({ since: 10 }),
      partitions: arrayOf({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ since: 6, default: -1 }),
        committedMetadata: nullableString(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ since: 3 }),
    topics: arrayOf({
      name: string({ until: 9 }),
      topicId: uuid({ since: 10 }),
      partitions: arrayOf({ partitionIndex: int32(), errorCode: int16() }),
    }),
  },
});

export type OffsetCommitRequest = DecodedRequest<typeof offsetCommitApi>;
export type OffsetCommitResponse = EncodableResponse<typeof offsetCommitApi>;
