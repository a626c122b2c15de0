/**
 * ListConfigResources: names of the resources that have configuration. Version 0 knows client metrics only, 1 takes
 * and tells resource types. Always flexible.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int8, string } from '../schema/fields.js';

export const listConfigResourcesApi = defineApi({
  key: 74,
  name: 'ListConfigResources',
  versions: { min: 0, max: 1 },
  flexibleFrom: 0,
  request: { resourceTypes: arrayOf(int8(), { since: 1 }) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    configResources: arrayOf({ resourceName: string(), resourceType: int8({ since: 1, default: 16 }) }),
  },
});

export type ListConfigResourcesRequest = DecodedRequest<typeof listConfigResourcesApi>;
export type ListConfigResourcesResponse = EncodableResponse<typeof listConfigResourcesApi>;
