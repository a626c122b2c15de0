/**
 * JoinGroup: become, or stay, a member of a classic group; answered when the generation is complete. Version 1 adds
 * the rebalance timeout, 4 makes newcomers come twice (MEMBER_ID_REQUIRED), 5 static members, 6 is flexible, 7 names
 * the protocol type in the answer, 8 a reason, 9 lets a returning leader skip the assignment.
 *
 * Not obvious: the protocol name of a failed join is empty below 7 and null from there on. The metadata of a member
 * is opaque here (Kafka's `ConsumerProtocolSubscription`).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, bytes, int16, int32, nullableString, string } from '../schema/fields.js';

export const joinGroupApi = defineApi({
  key: 11,
  name: 'JoinGroup',
  versions: { min: 0, max: 9 },
  flexibleFrom: 6,
  request: {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32({ since: 1, default: -1 }),
    memberId: string(),
    groupInstanceId: nullableString({ since: 5, default: null }),
    protocolType: string(),
    protocols: arrayOf({ name: string(), metadata: bytes() }),
    reason: nullableString({ since: 8, default: null }),
  },
  response: {
    throttleTimeMs: int32({ since: 2 }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolType: nullableString({ since: 7, default: null }),
    protocolName: nullableString({ nullableSince: 7 }),
    leader: string(),
    skipAssignment: bool({ since: 9, default: false }),
    memberId: string(),
    members: arrayOf({
      memberId: string(),
      groupInstanceId: nullableString({ since: 5, default: null }),
      metadata: bytes(),
    }),
  },
});

export type JoinGroupRequest = DecodedRequest<typeof joinGroupApi>;
export type JoinGroupResponse = EncodableResponse<typeof joinGroupApi>;
