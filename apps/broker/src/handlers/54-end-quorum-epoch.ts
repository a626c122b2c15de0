/**
 * EndQuorumEpoch: the leader of the metadata quorum goes, and names who is to follow it, best first.
 */
import { ErrorCode, endQuorumEpochApi } from '@tidemark/wire';
import type { Asked } from '../controller/quorum/quorum-driver.js';
import { endRequestOf, wireEpochAnswer } from '../controller/quorum/quorum-wire.js';
import { defineHandler } from './handler.js';

export const endQuorumEpochHandler = defineHandler(
  endQuorumEpochApi,
  ({ quorum }) =>
    (wire, _context, respond) => {
      const refuse = (errorCode: ErrorCode): void => respond({ errorCode, topics: [] });
      if (wire.clusterId !== null && wire.clusterId !== quorum.clusterId) {
        refuse(ErrorCode.INCONSISTENT_CLUSTER_ID);
        return;
      }
      const request = endRequestOf(wire);
      if (request === undefined) {
        refuse(ErrorCode.INVALID_REQUEST);
        return;
      }
      const asked: Asked = { kind: 'epoch', answer: (answer) => respond(wireEpochAnswer(answer)) };
      quorum.driver.ask({ kind: 'end-epoch-request', request }, asked);
    },
);
