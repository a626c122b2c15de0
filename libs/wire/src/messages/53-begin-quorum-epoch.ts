/**
 * BeginQuorumEpoch: a leader of the metadata quorum tells a voter that it has been elected, and again while that voter
 * does not fetch. Only version 1 is spoken (directory ids, the leader's endpoints).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { int32, nullableString, uuid } from '../schema/fields.js';
import { epochAnswer, leaderEndpoints, quorumTopics } from './quorum-topics.js';

export const beginQuorumEpochApi = defineApi({
  key: 53,
  name: 'BeginQuorumEpoch',
  versions: { min: 1, max: 1 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    clusterId: nullableString(),
    voterId: int32({ default: -1 }),
    topics: quorumTopics({ voterDirectoryId: uuid(), leaderId: int32(), leaderEpoch: int32() }),
    leaderEndpoints: leaderEndpoints(),
  },
  response: epochAnswer(),
});

export type BeginQuorumEpochRequest = DecodedRequest<typeof beginQuorumEpochApi>;
export type BeginQuorumEpochResponse = EncodableResponse<typeof beginQuorumEpochApi>;
