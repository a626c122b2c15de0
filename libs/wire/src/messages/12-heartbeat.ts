/**
 * Heartbeat: a member of a classic group says that it lives, and learns whether the group rebalances. Version 3 adds
 * static members, 4 is flexible.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { int16, int32, nullableString, string } from '../schema/fields.js';

export const heartbeatApi = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: { min: 0, max: 4 },
  flexibleFrom: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: nullableString({ since: 3, default: null }),
  },
  response: { throttleTimeMs: int32({ since: 1 }), errorCode: int16() },
});

export type HeartbeatRequest = DecodedRequest<typeof heartbeatApi>;
export type HeartbeatResponse = EncodableResponse<typeof heartbeatApi>;
