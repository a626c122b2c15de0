/**
 * AlterPartition: a leader proposes another set of in-sync replicas to the controller. Only version 3 is spoken: each
 * replica is named with its broker's epoch, so that a broker which has started anew since cannot slip in (KIP-903).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int64, int8, uuid } from '../schema/fields.js';

export const alterPartitionApi = defineApi({
  key: 56,
  name: 'AlterPartition',
  versions: { min: 3, max: 3 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partitionIndex: int32(),
        leaderEpoch: int32(),
        newIsrWithEpochs: arrayOf({ brokerId: int32(), brokerEpoch: int64({ default: -1 }) }),
        leaderRecoveryState: int8({ default: 0 }),
        partitionEpoch: int32(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
        isr: arrayOf(int32()),
        leaderRecoveryState: int8({ default: 0 }),
        partitionEpoch: int32(),
      }),
    }),
  },
});

export type AlterPartitionRequest = DecodedRequest<typeof alterPartitionApi>;
export type AlterPartitionResponse = EncodableResponse<typeof alterPartitionApi>;
