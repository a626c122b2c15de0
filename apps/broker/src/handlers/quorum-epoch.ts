/**
 * What the handlers of BeginQuorumEpoch and EndQuorumEpoch have in common: the metadata quorum is told, and its answer
 * sent when what it rests on is on the disk.
 */
import { ErrorCode, type BeginQuorumEpochResponse } from '@tidemark/wire';
import type { MetadataQuorum } from '../controller/quorum/metadata-quorum.js';
import type { Asked, QuorumDriver } from '../controller/quorum/quorum-driver.js';
import { wireEpochAnswer } from '../controller/quorum/quorum-wire.js';

/** `input`: nothing when the request is not about the metadata. */
export function tellEpoch(
  quorum: MetadataQuorum,
  clusterId: string | null,
  input: Parameters<QuorumDriver['ask']>[0] | undefined,
  respond: (answer: BeginQuorumEpochResponse) => void,
): void {
  if (clusterId !== null && clusterId !== quorum.clusterId) {
    respond({ errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID, topics: [] });
  } else if (input === undefined) respond({ errorCode: ErrorCode.INVALID_REQUEST, topics: [] });
  else {
    const asked: Asked = { kind: 'epoch', answer: (answer) => respond(wireEpochAnswer(answer)) };
    quorum.driver.ask(input, asked);
  }
}
