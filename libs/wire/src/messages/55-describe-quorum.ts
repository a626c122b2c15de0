/**
 * DescribeQuorum: who votes in the metadata quorum, who watches, and how far each of them is. Asked by tools. Version 1
 * adds when a replica last fetched and last was caught up, 2 directory ids, words for errors and the nodes' endpoints.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int64, nullableString, string, uint16, uuid } from '../schema/fields.js';

const replicaStates = () =>
  arrayOf({
    replicaId: int32(),
    replicaDirectoryId: uuid({ since: 2 }),
    logEndOffset: int64(),
    lastFetchTimestamp: int64({ since: 1, default: -1 }),
    lastCaughtUpTimestamp: int64({ since: 1, default: -1 }),
  });

export const describeQuorumApi = defineApi({
  key: 55,
  name: 'DescribeQuorum',
  versions: { min: 0, max: 2 },
  flexibleFrom: 0,
  request: { topics: arrayOf({ topicName: string(), partitions: arrayOf({ partitionIndex: int32() }) }) },
  response: {
    errorCode: int16(),
    errorMessage: nullableString({ since: 2, default: null }),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: nullableString({ since: 2, default: null }),
        leaderId: int32(),
        leaderEpoch: int32(),
        highWatermark: int64(),
        currentVoters: replicaStates(),
        observers: replicaStates(),
      }),
    }),
    nodes: arrayOf(
      { nodeId: int32(), listeners: arrayOf({ name: string(), host: string(), port: uint16() }) },
      { since: 2 },
    ),
  },
});

export type DescribeQuorumRequest = DecodedRequest<typeof describeQuorumApi>;
export type DescribeQuorumResponse = EncodableResponse<typeof describeQuorumApi>;
