/**
 * AllocateProducerIds: a broker asks the controller for a block of producer ids that nobody else gets. One version.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { int16, int32, int64 } from '../schema/fields.js';

export const allocateProducerIdsApi = defineApi({
  key: 67,
  name: 'AllocateProducerIds',
  versions: { min: 0, max: 0 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: { brokerId: int32(), brokerEpoch: int64({ default: -1 }) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    producerIdStart: int64(),
    producerIdLen: int32(),
  },
});

export type AllocateProducerIdsRequest = DecodedRequest<typeof allocateProducerIdsApi>;
export type AllocateProducerIdsResponse = EncodableResponse<typeof allocateProducerIdsApi>;
