/**
 * A replica's Fetch of the metadata log: the quorum decides, and its leader serves. Part of the Fetch handler, which
 * hands over the requests that are about that log and nothing else.
 */
import { ErrorCode, type FetchRequest, type FetchResponse } from '@tidemark/wire';
import type { Asked } from '../controller/quorum/quorum-driver.js';
import { fetchRequestOf, wireFetchAnswer } from '../controller/quorum/quorum-wire.js';
import type { BrokerContext } from './handler.js';

export function fetchMetadata(
  { quorum }: Pick<BrokerContext, 'quorum'>,
  wire: FetchRequest,
  respond: (response: FetchResponse) => void,
): void {
  const refuse = (errorCode: ErrorCode): void => respond({ errorCode, sessionId: 0, responses: [] });
  if (wire.clusterId !== null && wire.clusterId !== quorum.clusterId) {
    refuse(ErrorCode.INCONSISTENT_CLUSTER_ID);
    return;
  }
  const request = fetchRequestOf(wire);
  if (request === undefined) {
    refuse(ErrorCode.INVALID_REQUEST);
    return;
  }
  const { maxWaitMs, maxBytes } = wire;
  const asked: Asked = {
    kind: 'fetch',
    fetch: {
      request,
      maxWaitMs,
      maxBytes,
      answer: (answer, records) => respond(wireFetchAnswer(answer, quorum.logStartOffset, records)),
    },
  };
  quorum.driver.ask({ kind: 'fetch-request', request }, asked);
}
