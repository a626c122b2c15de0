/**
 * DeleteGroups: forget groups without members, with their offsets. Version 2 is flexible.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, string } from '../schema/fields.js';

export const deleteGroupsApi = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: { min: 0, max: 2 },
  flexibleFrom: 2,
  request: { groupsNames: arrayOf(string()) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: arrayOf({ groupId: string(), errorCode: int16() }),
  },
});

export type DeleteGroupsRequest = DecodedRequest<typeof deleteGroupsApi>;
export type DeleteGroupsResponse = EncodableResponse<typeof deleteGroupsApi>;
