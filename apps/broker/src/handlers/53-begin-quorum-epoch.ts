/**
 * BeginQuorumEpoch: the leader of the metadata quorum makes itself known to a voter that does not fetch from it yet.
 */
import { beginQuorumEpochApi } from '@tidemark/wire';
import { beginRequestOf } from '../controller/quorum/quorum-wire.js';
import { defineHandler } from './handler.js';
import { tellEpoch } from './quorum-epoch.js';

export const beginQuorumEpochHandler = defineHandler(
  beginQuorumEpochApi,
  ({ quorum }) =>
    (wire, _context, respond) => {
      const request = beginRequestOf(wire);
      const input = request && ({ kind: 'begin-epoch-request', request } as const);
      tellEpoch(quorum, wire.clusterId, input, respond);
    },
);
