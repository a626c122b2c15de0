/**
 * InitProducerId: an id and epoch for an idempotent or transactional producer. Version 2 is flexible, 3 lets a
 * producer ask for the next epoch of the id it has, 4 answers PRODUCER_FENCED where earlier ones had
 * INVALID_PRODUCER_EPOCH. Version 6 (two-phase commit) is not spoken.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { int16, int32, int64, nullableString } from '../schema/fields.js';

export const initProducerIdApi = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: { min: 0, max: 5 },
  flexibleFrom: 2,
  request: {
    transactionalId: nullableString(),
    transactionTimeoutMs: int32(),
    producerId: int64({ since: 3, default: -1 }),
    producerEpoch: int16({ since: 3, default: -1 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    producerId: int64({ default: -1 }),
    producerEpoch: int16(),
  },
});

export type InitProducerIdRequest = DecodedRequest<typeof initProducerIdApi>;
export type InitProducerIdResponse = EncodableResponse<typeof initProducerIdApi>;
