/**
 * Vote: a member of the metadata quorum asks this one for its vote, or whether it would give it. The quorum decides;
 * it is on the disk before the answer leaves.
 */
import { ErrorCode, voteApi } from '@tidemark/wire';
import type { Asked } from '../controller/quorum/quorum-driver.js';
import { voteRequestOf, wireVoteAnswer } from '../controller/quorum/quorum-wire.js';
import { defineHandler } from './handler.js';

export const voteHandler = defineHandler(voteApi, ({ quorum }) => (wire, _context, respond) => {
  const refuse = (errorCode: ErrorCode): void => respond({ errorCode, topics: [] });
  if (wire.clusterId !== null && wire.clusterId !== quorum.clusterId) {
    refuse(ErrorCode.INCONSISTENT_CLUSTER_ID);
    return;
  }
  const request = voteRequestOf(wire);
  if (request === undefined) {
    refuse(ErrorCode.INVALID_REQUEST);
    return;
  }
  const asked: Asked = { kind: 'vote', answer: (answer) => respond(wireVoteAnswer(answer)) };
  quorum.driver.ask({ kind: 'vote-request', request }, asked);
});
