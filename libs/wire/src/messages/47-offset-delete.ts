/**
 * OffsetDelete: forget a group's offsets of some topics. One version, never flexible.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, string } from '../schema/fields.js';
import { NEVER_FLEXIBLE } from '../schema/schema.js';

export const offsetDeleteApi = defineApi({
  key: 47,
  name: 'OffsetDelete',
  versions: { min: 0, max: 0 },
  flexibleFrom: NEVER_FLEXIBLE,
  request: {
    groupId: string(),
    topics: arrayOf({ name: string(), partitions: arrayOf({ partitionIndex: int32() }) }),
  },
  response: {
    errorCode: int16(),
    throttleTimeMs: int32({ default: 0 }),
    topics: arrayOf({ name: string(), partitions: arrayOf({ partitionIndex: int32(), errorCode: int16() }) }),
  },
});

export type OffsetDeleteRequest = DecodedRequest<typeof offsetDeleteApi>;
export type OffsetDeleteResponse = EncodableResponse<typeof offsetDeleteApi>;
