/**
 * BeginQuorumEpoch: the leader of the metadata quorum makes itself known to a voter that does not fetch from it yet.
 */
import { ErrorCode, beginQuorumEpochApi } from '@tidemark/wire';
import type { Asked } from '../controller/quorum/quorum-driver.js';
import { beginRequestOf, wireEpochAnswer } from '../controller/quorum/quorum-wire.js';
import { defineHandler } from './handler.js';

export const beginQuorumEpochHandler = defineHandler(
  beginQuorumEpochApi,
  ({ quorum }) =>
    (wire, _context, respond) => {
      const refuse = (errorCode: ErrorCode): void => respond({ errorCode, topics: [] });
      if (wire.clusterId !== null && wire.clusterId !== quorum.clusterId) {
        refuse(ErrorCode.INCONSISTENT_CLUSTER_ID);
        return;
      }
      const request = beginRequestOf(wire);
      if (request === undefined) {
        refuse(ErrorCode.INVALID_REQUEST);
        return;
      }
      const asked: Asked = { kind: 'epoch', answer: (answer) => respond(wireEpochAnswer(answer)) };
      quorum.driver.ask({ kind: 'begin-epoch-request', request }, asked);
    },
);
