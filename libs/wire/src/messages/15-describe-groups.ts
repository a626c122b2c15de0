/**
 * DescribeGroups: state and members of classic groups. Version 3 adds permitted operations, 4 static members, 5 is
 * flexible, 6 an error message for groups that are not known (below that they are Dead without an error).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, bytes, int16, int32, nullableString, string } from '../schema/fields.js';

export const describeGroupsApi = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: { min: 0, max: 6 },
  flexibleFrom: 5,
  request: { groups: arrayOf(string()), includeAuthorizedOperations: bool({ since: 3 }) },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    groups: arrayOf({
      errorCode: int16(),
      errorMessage: nullableString({ since: 6, default: null }),
      groupId: string(),
      groupState: string(),
      protocolType: string(),
      protocolData: string(),
      members: arrayOf({
        memberId: string(),
        groupInstanceId: nullableString({ since: 4, default: null }),
        clientId: string(),
        clientHost: string(),
        memberMetadata: bytes(),
        memberAssignment: bytes(),
      }),
      authorizedOperations: int32({ since: 3, default: -2147483648 }),
    }),
  },
});

export type DescribeGroupsRequest = DecodedRequest<typeof describeGroupsApi>;
export type DescribeGroupsResponse = EncodableResponse<typeof describeGroupsApi>;
