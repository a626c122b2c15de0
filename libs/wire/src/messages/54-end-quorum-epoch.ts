/**
 * EndQuorumEpoch: a leader of the metadata quorum resigns, and names who is to follow it, best first, so that nobody
 * has to wait for a timeout. Only version 1 is spoken (candidates with directory ids).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, nullableString, string, uint16, uuid } from '../schema/fields.js';
import { nodeEndpoints } from './node-endpoints.js';

export const endQuorumEpochApi = defineApi({
  key: 54,
  name: 'EndQuorumEpoch',
  versions: { min: 1, max: 1 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    clusterId: nullableString(),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32(),
        preferredCandidates: arrayOf({ candidateId: int32(), candidateDirectoryId: uuid() }),
      }),
    }),
    leaderEndpoints: arrayOf({ name: string(), host: string(), port: uint16() }),
  },
  response: {
    errorCode: int16(),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
      }),
    }),
    nodeEndpoints: nodeEndpoints(),
  },
});

export type EndQuorumEpochRequest = DecodedRequest<typeof endQuorumEpochApi>;
export type EndQuorumEpochResponse = EncodableResponse<typeof endQuorumEpochApi>;
