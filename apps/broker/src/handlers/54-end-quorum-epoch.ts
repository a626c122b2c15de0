/**
 * EndQuorumEpoch: the leader of the metadata quorum goes, and names who is to follow it, best first.
 */
import { endQuorumEpochApi } from '@tidemark/wire';
import { endRequestOf } from '../controller/quorum/quorum-wire.js';
import { defineHandler } from './handler.js';
import { tellEpoch } from './quorum-epoch.js';

export const endQuorumEpochHandler = defineHandler(
  endQuorumEpochApi,
  ({ quorum }) =>
    (wire, _context, respond) => {
      const request = endRequestOf(wire);
      const input = request && ({ kind: 'end-epoch-request', request } as const);
      tellEpoch(quorum, wire.clusterId, input, respond);
    },
);
