/**
 * CreatePartitions: raise the partition count of topics, with replicas chosen by us or given. Version 2 is flexible,
 * 3 may be refused by quota.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, int16, int32, nullableArrayOf, nullableString, string } from '../schema/fields.js';

export const createPartitionsApi = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: { min: 0, max: 3 },
  flexibleFrom: 2,
  request: {
    topics: arrayOf({
      name: string(),
      count: int32(),
      assignments: nullableArrayOf({ brokerIds: arrayOf(int32()) }),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: arrayOf({ name: string(), errorCode: int16(), errorMessage: nullableString({ default: null }) }),
  },
});

export type CreatePartitionsRequest = DecodedRequest<typeof createPartitionsApi>;
export type CreatePartitionsResponse = EncodableResponse<typeof createPartitionsApi>;
