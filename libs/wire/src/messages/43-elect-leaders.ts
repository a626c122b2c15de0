/**
 * ElectLeaders: make the preferred replicas lead (type 0), or whoever lives where nobody may (type 1, unclean). Version
 * 1 adds the type and the error of the whole request, 2 is flexible. Topics of null are all topics.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int8, nullableArrayOf, nullableString, string } from '../schema/fields.js';

export const electLeadersApi = defineApi({
  key: 43,
  name: 'ElectLeaders',
  versions: { min: 0, max: 2 },
  flexibleFrom: 2,
  request: {
    electionType: int8({ since: 1 }),
    topicPartitions: nullableArrayOf({ topic: string(), partitions: arrayOf(int32()) }),
    timeoutMs: int32({ default: 60000 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ since: 1 }),
    replicaElectionResults: arrayOf({
      topic: string(),
      partitionResult: arrayOf({
        partitionId: int32(),
        errorCode: int16(),
        errorMessage: nullableString({ default: null }),
      }),
    }),
  },
});

export type ElectLeadersRequest = DecodedRequest<typeof electLeadersApi>;
export type ElectLeadersResponse = EncodableResponse<typeof electLeadersApi>;
