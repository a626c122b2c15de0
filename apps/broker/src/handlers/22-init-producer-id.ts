/**
 * InitProducerId: an id for an idempotent producer, unique in the cluster, at epoch 0 (X1). There are no transactions
 * yet: a transactional id is refused, and FindCoordinator has said so before.
 */
import { ErrorCode, initProducerIdApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const initProducerIdHandler = defineHandler(
  initProducerIdApi,
  (broker) => (request, _context, respond) => {
    if (request.transactionalId !== null) {
      respond({ errorCode: ErrorCode.INVALID_REQUEST, producerId: -1, producerEpoch: -1 });
      return;
    }
    broker.producerIds.next((answer) => {
      if ('error' in answer) respond({ errorCode: answer.error, producerId: -1, producerEpoch: -1 });
      else respond({ errorCode: ErrorCode.NONE, producerId: answer.producerId, producerEpoch: 0 });
    });
  },
);
