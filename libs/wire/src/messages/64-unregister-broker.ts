/**
 * UnregisterBroker: forget a broker that will not come back. One version.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { int16, int32, nullableString } from '../schema/fields.js';

export const unregisterBrokerApi = defineApi({
  key: 64,
  name: 'UnregisterBroker',
  versions: { min: 0, max: 0 },
  flexibleFrom: 0,
  request: { brokerId: int32() },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: nullableString({ default: null }),
  },
});

export type UnregisterBrokerRequest = DecodedRequest<typeof unregisterBrokerApi>;
export type UnregisterBrokerResponse = EncodableResponse<typeof unregisterBrokerApi>;
