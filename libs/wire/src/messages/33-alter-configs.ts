/**
 * AlterConfigs: set all dynamic values of a resource at once; what is not named falls back. Version 2 is flexible.
 * `IncrementalAlterConfigs` has replaced it in newer clients.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, int16, int32, int8, nullableString, string } from '../schema/fields.js';

export const alterConfigsApi = defineApi({
  key: 33,
  name: 'AlterConfigs',
  versions: { min: 0, max: 2 },
  flexibleFrom: 2,
  request: {
    resources: arrayOf({
      resourceType: int8(),
      resourceName: string(),
      configs: arrayOf({ name: string(), value: nullableString() }),
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

export type AlterConfigsRequest = DecodedRequest<typeof alterConfigsApi>;
export type AlterConfigsResponse = EncodableResponse<typeof alterConfigsApi>;
