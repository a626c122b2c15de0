/**
 * IncrementalAlterConfigs: change single values of resources: 0 set, 1 delete, 2 append to and 3 subtract from a
 * list. Version 1 is flexible.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, int16, int32, int8, nullableString, string } from '../schema/fields.js';

export const incrementalAlterConfigsApi = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: { min: 0, max: 1 },
  flexibleFrom: 1,
  request: {
    resources: arrayOf({
      resourceType: int8(),
      resourceName: string(),
      configs: arrayOf({ name: string(), configOperation: int8(), value: nullableString() }),
    }),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    responses: arrayOf({
      errorCode: int16(),
      errorMessage: nullableString({ default: null }),
      resourceType: int8(),
      resourceName: string(),
    }),
  },
});

export type IncrementalAlterConfigsRequest = DecodedRequest<typeof incrementalAlterConfigsApi>;
export type IncrementalAlterConfigsResponse = EncodableResponse<typeof incrementalAlterConfigsApi>;
