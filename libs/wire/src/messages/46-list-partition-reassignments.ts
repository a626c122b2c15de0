/**
 * ListPartitionReassignments: which partitions are on the move; topics of null are all topics. One version.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, nullableArrayOf, nullableString, string } from '../schema/fields.js';

export const listPartitionReassignmentsApi = defineApi({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: { min: 0, max: 0 },
  flexibleFrom: 0,
  request: {
    timeoutMs: int32({ default: 60000 }),
    topics: nullableArrayOf({ name: string(), partitionIndexes: arrayOf(int32()) }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: nullableString({ default: null }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        replicas: arrayOf(int32()),
        addingReplicas: arrayOf(int32()),
        removingReplicas: arrayOf(int32()),
      }),
    }),
  },
});

export type ListPartitionReassignmentsRequest = DecodedRequest<typeof listPartitionReassignmentsApi>;
export type ListPartitionReassignmentsResponse = EncodableResponse<typeof listPartitionReassignmentsApi>;
