/**
 * BrokerHeartbeat: a registered broker says that it lives, how far it has replayed the metadata, and whether it wants
 * to be fenced or to shut down. Only version 1 is spoken; 2 adds what the broker has no use for (cordoned directories).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, bool, int16, int32, int64, uuid } from '../schema/fields.js';

export const brokerHeartbeatApi = defineApi({
  key: 63,
  name: 'BrokerHeartbeat',
  versions: { min: 1, max: 1 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    currentMetadataOffset: int64(),
    wantFence: bool(),
    wantShutDown: bool(),
    offlineLogDirs: arrayOf(uuid(), { tag: 0 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    isCaughtUp: bool({ default: false }),
    isFenced: bool({ default: true }),
    shouldShutDown: bool(),
  },
});

export type BrokerHeartbeatRequest = DecodedRequest<typeof brokerHeartbeatApi>;
export type BrokerHeartbeatResponse = EncodableResponse<typeof brokerHeartbeatApi>;
