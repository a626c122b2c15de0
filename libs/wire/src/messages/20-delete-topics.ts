/**
 * DeleteTopics: by name, or from version 6 on by name or id (other fields than before). Version 4 is flexible, 5
 * adds an error message.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, nullableString, string, uuid } from '../schema/fields.js';

export const deleteTopicsApi = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: { min: 1, max: 6 },
  flexibleFrom: 4,
  request: {
    topics: arrayOf({ name: nullableString({ default: null }), topicId: uuid() }, { since: 6 }),
    topicNames: arrayOf(string(), { until: 5 }),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    responses: arrayOf({
      name: nullableString({ nullableSince: 6 }),
      topicId: uuid({ since: 6 }),
      errorCode: int16(),
      errorMessage: nullableString({ since: 5, default: null }),
    }),
  },
});

export type DeleteTopicsRequest = DecodedRequest<typeof deleteTopicsApi>;
export type DeleteTopicsResponse = EncodableResponse<typeof deleteTopicsApi>;
