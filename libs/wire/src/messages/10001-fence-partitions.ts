/**
 * FencePartitions: the controller, about to elect leaders of quorum topics, asks a replica to accept nothing of lower
 * epochs any more and to say how far its log goes. Ours alone: Apache Kafka has no such API, its key lies beyond all
 * published ones.
 *
 * An answer holds `epoch`, the highest that the replica has promised (higher than asked for when it refuses), and the
 * end of its log as the epoch of the last record and the offset after it.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int64, nullableString, uuid } from '../schema/fields.js';

export const fencePartitionsApi = defineApi({
  key: 10001,
  name: 'FencePartitions',
  versions: { min: 0, max: 0 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    clusterId: nullableString(),
    controllerId: int32(),
    controllerEpoch: int32(),
    topics: arrayOf({ topicId: uuid(), partitions: arrayOf({ partition: int32(), epoch: int32() }) }),
  },
  response: {
    errorCode: int16(),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partition: int32(),
        errorCode: int16(),
        epoch: int32({ default: -1 }),
        lastEpoch: int32({ default: -1 }),
        logEnd: int64({ default: -1 }),
      }),
    }),
  },
});

export type FencePartitionsRequest = DecodedRequest<typeof fencePartitionsApi>;
export type FencePartitionsResponse = EncodableResponse<typeof fencePartitionsApi>;
