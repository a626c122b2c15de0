/**
 * LeaveGroup: one member leaves (0 to 2), or several at once by member or instance id (from 3, other fields than
 * before). Version 4 is flexible, 5 adds a reason.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, nullableString, string } from '../schema/fields.js';

export const leaveGroupApi = defineApi({
  key: 13,
  name: 'LeaveGroup',
  versions: { min: 0, max: 5 },
  flexibleFrom: 4,
  request: {
    groupId: string(),
    memberId: string({ until: 2 }),
    members: arrayOf(
      {
        memberId: string(),
        groupInstanceId: nullableString({ default: null }),
        reason: nullableString({ since: 5, default: null }),
      },
      { since: 3 },
    ),
  },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    errorCode: int16(),
    members: arrayOf(
      { memberId: string(), groupInstanceId: nullableString(), errorCode: int16() },
      { since: 3 },
    ),
  },
});

export type LeaveGroupRequest = DecodedRequest<typeof leaveGroupApi>;
export type LeaveGroupResponse = EncodableResponse<typeof leaveGroupApi>;
