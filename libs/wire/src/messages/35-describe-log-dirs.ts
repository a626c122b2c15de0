/**
 * DescribeLogDirs: sizes of partitions on a broker's disks. Version 2 is flexible, 3 adds a top-level error, 4 the
 * size of the disk.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, int16, int32, int64, nullableArrayOf, string } from '../schema/fields.js';

export const describeLogDirsApi = defineApi({
  key: 35,
  name: 'DescribeLogDirs',
  versions: { min: 1, max: 4 },
  flexibleFrom: 2,
  request: { topics: nullableArrayOf({ topic: string(), partitions: arrayOf(int32()) }) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ since: 3 }),
    results: arrayOf({
      errorCode: int16(),
      logDir: string(),
      topics: arrayOf({
        name: string(),
        partitions: arrayOf({
          partitionIndex: int32(),
          partitionSize: int64(),
          offsetLag: int64(),
          isFutureKey: bool(),
        }),
      }),
      totalBytes: int64({ since: 4, default: -1 }),
      usableBytes: int64({ since: 4, default: -1 }),
    }),
  },
});

export type DescribeLogDirsRequest = DecodedRequest<typeof describeLogDirsApi>;
export type DescribeLogDirsResponse = EncodableResponse<typeof describeLogDirsApi>;
