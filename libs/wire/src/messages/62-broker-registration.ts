/**
 * BrokerRegistration: a broker that has started introduces itself to the controller, which answers its broker epoch.
 * Only version 4 is spoken: `previousBrokerEpoch` tells whether anything written may be lost (-1, KIP-966).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import {
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  nullableString,
  string,
  uint16,
  uuid,
} from '../schema/fields.js';

export const brokerRegistrationApi = defineApi({
  key: 62,
  name: 'BrokerRegistration',
  versions: { min: 4, max: 4 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    brokerId: int32(),
    clusterId: string(),
    incarnationId: uuid(),
    listeners: arrayOf({ name: string(), host: string(), port: uint16(), securityProtocol: int16() }),
    features: arrayOf({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() }),
    rack: nullableString(),
    isMigratingZkBroker: bool({ default: false }),
    logDirs: arrayOf(uuid()),
    previousBrokerEpoch: int64({ default: -1 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    brokerEpoch: int64({ default: -1 }),
  },
});

export type BrokerRegistrationRequest = DecodedRequest<typeof brokerRegistrationApi>;
export type BrokerRegistrationResponse = EncodableResponse<typeof brokerRegistrationApi>;
