/**
 * SaslHandshake: a client asks for a SASL mechanism. Kept so that a client which insists gets a proper refusal;
 * never flexible.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, string } from '../schema/fields.js';
import { NEVER_FLEXIBLE } from '../schema/schema.js';

export const saslHandshakeApi = defineApi({
  key: 17,
  name: 'SaslHandshake',
  versions: { min: 0, max: 1 },
  flexibleFrom: NEVER_FLEXIBLE,
  request: { mechanism: string() },
  response: { errorCode: int16(), mechanisms: arrayOf(string()) },
});

export type SaslHandshakeRequest = DecodedRequest<typeof saslHandshakeApi>;
export type SaslHandshakeResponse = EncodableResponse<typeof saslHandshakeApi>;
