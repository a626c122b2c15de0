/**
 * DescribeConfigs: configuration of topics, brokers and other resources, and where each value comes from. Version 1
 * tells sources and synonyms, 3 types and documentation, 4 is flexible.
 *
 * Not obvious: null and an empty list of names both ask for all of them. A sensitive value is null.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import {
  arrayOf,
  bool,
  int16,
  int32,
  int8,
  nullableArrayOf,
  nullableString,
  string,
} from '../schema/fields.js';

export const describeConfigsApi = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: { min: 1, max: 4 },
  flexibleFrom: 4,
  request: {
    resources: arrayOf({
      resourceType: int8(),
      resourceName: string(),
      configurationKeys: nullableArrayOf(string()),
    }),
    includeSynonyms: bool({ default: false }),
    includeDocumentation: bool({ since: 3, default: false }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: arrayOf({
      errorCode: int16(),
      errorMessage: nullableString({ default: null }),
      resourceType: int8(),
      resourceName: string(),
      configs: arrayOf({
        name: string(),
        value: nullableString(),
        readOnly: bool(),
        configSource: int8({ default: -1 }),
        isSensitive: bool(),
        synonyms: arrayOf({ name: string(), value: nullableString(), source: int8() }),
        configType: int8({ since: 3, default: 0 }),
        documentation: nullableString({ since: 3, default: null }),
      }),
    }),
  },
});

export type DescribeConfigsRequest = DecodedRequest<typeof describeConfigsApi>;
export type DescribeConfigsResponse = EncodableResponse<typeof describeConfigsApi>;
