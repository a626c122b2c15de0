/**
 * FindCoordinator: which broker coordinates a group (key type 0) or a transactional id (1, from version 1). Version
 * 3 is flexible; from 4 on keys are asked for in batches and the answer is a list (other fields than before).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int8, nullableString, string } from '../schema/fields.js';

export const findCoordinatorApi = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: { min: 0, max: 6 },
  flexibleFrom: 3,
  request: {
    key: string({ until: 3 }),
    keyType: int8({ since: 1, default: 0 }),
    coordinatorKeys: arrayOf(string(), { since: 4 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    errorCode: int16({ until: 3 }),
    errorMessage: nullableString({ since: 1, until: 3, default: null }),
    nodeId: int32({ until: 3 }),
    host: string({ until: 3 }),
    port: int32({ until: 3 }),
    coordinators: arrayOf(
      {
        key: string(),
        nodeId: int32(),
        host: string(),
        port: int32(),
        errorCode: int16(),
        errorMessage: nullableString({ default: null }),
      },
      { since: 4 },
    ),
  },
});

export type FindCoordinatorRequest = DecodedRequest<typeof findCoordinatorApi>;
export type FindCoordinatorResponse = EncodableResponse<typeof findCoordinatorApi>;
