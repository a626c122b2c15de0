/**
 * EndQuorumEpoch: a leader of the metadata quorum resigns, and names who is to follow it, best first, so that nobody
 * has to wait for a timeout. Only version 1 is spoken (candidates with directory ids).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int32, nullableString, uuid } from '../schema/fields.js';
import { epochAnswer, leaderEndpoints, quorumTopics } from './quorum-topics.js';

export const endQuorumEpochApi = defineApi({
  key: 54,
  name: 'EndQuorumEpoch',
  versions: { min: 1, max: 1 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    clusterId: nullableString(),
    topics: quorumTopics({
      leaderId: int32(),
      leaderEpoch: int32(),
      preferredCandidates: arrayOf({ candidateId: int32(), candidateDirectoryId: uuid() }),
    }),
    leaderEndpoints: leaderEndpoints(),
  },
  response: epochAnswer(),
});

export type EndQuorumEpochRequest = DecodedRequest<typeof endQuorumEpochApi>;
export type EndQuorumEpochResponse = EncodableResponse<typeof endQuorumEpochApi>;
