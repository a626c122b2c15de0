/**
 * Vote: asks a voter of the metadata quorum for its vote (KIP-595), or, as a pre-vote, whether it would give one
 * (KIP-996). Only version 2 is spoken: it carries the directory ids of both sides, without which a voter that lost its
 * disk could vote twice.
 *
 * `replicaEpoch` is the epoch that the vote is asked for; of a pre-vote it is the epoch that the asker is in.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { bool, int16, int32, int64, nullableString, uuid } from '../schema/fields.js';
import { nodeEndpoints } from './node-endpoints.js';
import { quorumTopics } from './quorum-topics.js';

export const voteApi = defineApi({
  key: 52,
  name: 'Vote',
  versions: { min: 2, max: 2 },
  flexibleFrom: 0,
  askedBy: 'brokers',
  request: {
    clusterId: nullableString(),
    voterId: int32({ default: -1 }),
    topics: quorumTopics({
      replicaEpoch: int32(),
      replicaId: int32(),
      replicaDirectoryId: uuid(),
      voterDirectoryId: uuid(),
      lastOffsetEpoch: int32(),
      lastOffset: int64(),
      preVote: bool(),
    }),
  },
  response: {
    errorCode: int16(),
    topics: quorumTopics({
      errorCode: int16(),
      leaderId: int32(),
      leaderEpoch: int32(),
      voteGranted: bool(),
    }),
    nodeEndpoints: nodeEndpoints(),
  },
});

export type VoteRequest = DecodedRequest<typeof voteApi>;
export type VoteResponse = EncodableResponse<typeof voteApi>;
