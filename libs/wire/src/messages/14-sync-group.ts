/**
 * SyncGroup: the leader of a generation hands in everybody's assignment, every member gets its own. Version 3 adds
 * static members, 4 is flexible, 5 names the protocol in both directions.
 *
 * The assignment is opaque here (Kafka's `ConsumerProtocolAssignment`).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bytes, int16, int32, nullableString, string } from '../schema/fields.js';

export const syncGroupApi = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: { min: 0, max: 5 },
  flexibleFrom: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: nullableString({ since: 3, default: null }),
    protocolType: nullableString({ since: 5, default: null }),
    protocolName: nullableString({ since: 5, default: null }),
    assignments: arrayOf({ memberId: string(), assignment: bytes() }),
  },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    errorCode: int16(),
    protocolType: nullableString({ since: 5, default: null }),
    protocolName: nullableString({ since: 5, default: null }),
    assignment: bytes(),
  },
});

export type SyncGroupRequest = DecodedRequest<typeof syncGroupApi>;
export type SyncGroupResponse = EncodableResponse<typeof syncGroupApi>;
