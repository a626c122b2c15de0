/**
 * AlterPartitionReassignments: move partitions to other replicas, or call a move off (replicas of null). All versions
 * are flexible; version 1 can forbid that the number of replicas changes.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, int16, int32, nullableArrayOf, nullableString, string } from '../schema/fields.js';

export const alterPartitionReassignmentsApi = defineApi({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: { min: 0, max: 1 },
  flexibleFrom: 0,
  request: {
    timeoutMs: int32({ default: 60000 }),
    allowReplicationFactorChange: bool({ since: 1, default: true }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({ partitionIndex: int32(), replicas: nullableArrayOf(int32()) }),
    }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    allowReplicationFactorChange: bool({ since: 1, default: true }),
    errorCode: int16(),
    errorMessage: nullableString({ default: null }),
    responses: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: nullableString({ default: null }),
      }),
    }),
  },
});

export type AlterPartitionReassignmentsRequest = DecodedRequest<typeof alterPartitionReassignmentsApi>;
export type AlterPartitionReassignmentsResponse = EncodableResponse<typeof alterPartitionReassignmentsApi>;
