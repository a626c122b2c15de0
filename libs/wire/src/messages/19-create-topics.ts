/**
 * CreateTopics: new topics with partitions, replicas and configuration. From version 4 on -1 stands for the
 * cluster's default counts, 5 is flexible and tells what was made, 6 may be refused by quota, 7 tells the topic's
 * id.
 *
 * Not obvious: from 5 on `configs` must be an array; Java's admin client breaks on null although the layout allows
 * it. The error of reading the configuration is a tagged field.
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
  uuid,
} from '../schema/fields.js';

export const createTopicsApi = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: { min: 2, max: 7 },
  flexibleFrom: 5,
  request: {
    topics: arrayOf({
      name: string(),
      numPartitions: int32(),
      replicationFactor: int16(),
      assignments: arrayOf({ partitionIndex: int32(), brokerIds: arrayOf(int32()) }),
      configs: arrayOf({ name: string(), value: nullableString() }),
    }),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool({ default: false }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: arrayOf({
      name: string(),
      topicId: uuid({ since: 7 }),
      errorCode: int16(),
      errorMessage: nullableString({ default: null }),
      topicConfigErrorCode: int16({ since: 5, tag: 0 }),
      numPartitions: int32({ since: 5, default: -1 }),
      replicationFactor: int16({ since: 5, default: -1 }),
      configs: nullableArrayOf(
        {
          name: string(),
          value: nullableString(),
          readOnly: bool(),
          configSource: int8({ default: -1 }),
          isSensitive: bool(),
        },
        { since: 5, default: [] },
      ),
    }),
  },
});

export type CreateTopicsRequest = DecodedRequest<typeof createTopicsApi>;
export type CreateTopicsResponse = EncodableResponse<typeof createTopicsApi>;
