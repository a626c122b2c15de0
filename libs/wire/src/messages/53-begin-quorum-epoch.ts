/**
 * BeginQuorumEpoch: a leader of the metadata quorum tells a voter that it has been elected, and again while that voter
 * does not fetch. Only version 1 is spoken (directory ids, the leader's endpoints).
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, nullableString, string, uint16, uuid } from '../schema/fields.js';
import { nodeEndpoints } from './node-endpoints.js';

export const beginQuorumEpochApi = defineApi({
  key: 53,
  name: 'BeginQuorumEpoch',
  versions: { min: 1, max: 1 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    clusterId: nullableString(),
    voterId: int32({ default: -1 }),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        voterDirectoryId: uuid(),
        leaderId: int32(),
        leaderEpoch: int32(),
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

export type BeginQuorumEpochRequest = DecodedRequest<typeof beginQuorumEpochApi>;
export type BeginQuorumEpochResponse = EncodableResponse<typeof beginQuorumEpochApi>;
