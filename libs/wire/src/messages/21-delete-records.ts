/**
 * DeleteRecords: move the start of a partition's log up to an offset; -1 stands for the high watermark. Version 2 is
 * flexible.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int64, string } from '../schema/fields.js';

export const deleteRecordsApi = defineApi({
  key: 21,
  name: 'DeleteRecords',
  versions: { min: 0, max: 2 },
  flexibleFrom: 2,
  request: {
    topics: arrayOf({ name: string(), partitions: arrayOf({ partitionIndex: int32(), offset: int64() }) }),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({ partitionIndex: int32(), lowWatermark: int64(), errorCode: int16() }),
    }),
  },
});

export type DeleteRecordsRequest = DecodedRequest<typeof deleteRecordsApi>;
export type DeleteRecordsResponse = EncodableResponse<typeof deleteRecordsApi>;
