/**
 * ListOffsets: which offset belongs to a time, or to the ends of the log (-1 latest, -2 earliest, -3 largest
 * timestamp from 7, -4 and -5 for tiered storage from 8 and 9, -6 from 11). Version 2 adds the isolation level, 4
 * leader epochs, 6 is flexible, 10 adds a time limit.
 *
 * Version 0, which answered with a list of offsets, is not spoken.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int64, int8, string } from '../schema/fields.js';

export const listOffsetsApi = defineApi({
  key: 2,
  name: 'ListOffsets',
  versions: { min: 1, max: 11 },
  flexibleFrom: 6,
  request: {
    replicaId: int32(),
    isolationLevel: int8({ since: 2 }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        currentLeaderEpoch: int32({ since: 4, default: -1 }),
        timestamp: int64(),
      }),
    }),
    timeoutMs: int32({ since: 10 }),
  },
  response: {
    throttleTimeMs: int32({ since: 2 }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        timestamp: int64({ default: -1 }),
        offset: int64({ default: -1 }),
        leaderEpoch: int32({ since: 4, default: -1 }),
      }),
    }),
  },
});

export type ListOffsetsRequest = DecodedRequest<typeof listOffsetsApi>;
export type ListOffsetsResponse = EncodableResponse<typeof listOffsetsApi>;
