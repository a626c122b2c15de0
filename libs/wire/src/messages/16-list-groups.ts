/**
 * ListGroups: the groups that this broker coordinates. Version 3 is flexible, 4 filters by state and tells it, 5
 * filters by type and tells it.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, string } from '../schema/fields.js';

export const listGroupsApi = defineApi({
  key: 16,
  name: 'ListGroups',
  versions: { min: 0, max: 5 },
  flexibleFrom: 3,
  request: {
    statesFilter: arrayOf(string(), { since: 4 }),
    typesFilter: arrayOf(string(), { since: 5 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    errorCode: int16(),
    groups: arrayOf({
      groupId: string(),
      protocolType: string(),
      groupState: string({ since: 4 }),
      groupType: string({ since: 5 }),
    }),
  },
});

export type ListGroupsRequest = DecodedRequest<typeof listGroupsApi>;
export type ListGroupsResponse = EncodableResponse<typeof listGroupsApi>;
