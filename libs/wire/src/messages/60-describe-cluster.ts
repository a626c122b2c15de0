/**
 * DescribeCluster: cluster id, controller and brokers, all versions flexible. Version 1 chooses between brokers and
 * controllers, 2 also lists fenced brokers.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, int16, int32, int8, nullableString, string } from '../schema/fields.js';

export const describeClusterApi = defineApi({
  key: 60,
  name: 'DescribeCluster',
  versions: { min: 0, max: 2 },
  flexibleFrom: 0,
  request: {
    includeClusterAuthorizedOperations: bool(),
    endpointType: int8({ since: 1, default: 1 }),
    includeFencedBrokers: bool({ since: 2 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: nullableString({ default: null }),
    endpointType: int8({ since: 1, default: 1 }),
    clusterId: string(),
    controllerId: int32({ default: -1 }),
    brokers: arrayOf({
      brokerId: int32(),
      host: string(),
      port: int32(),
      rack: nullableString({ default: null }),
      isFenced: bool({ since: 2 }),
    }),
    clusterAuthorizedOperations: int32({ default: -2147483648 }),
  },
});

export type DescribeClusterRequest = DecodedRequest<typeof describeClusterApi>;
export type DescribeClusterResponse = EncodableResponse<typeof describeClusterApi>;
