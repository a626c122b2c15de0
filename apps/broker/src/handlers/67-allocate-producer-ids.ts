/**
 * AllocateProducerIds: a block of ids that a broker hands out to idempotent producers; no two blocks share an id.
 */
import { ErrorCode } from '@tidemark/wire';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';

export const allocateProducerIdsHandler = defineForwardedHandler(
  controllerApis.allocateProducerIds,
  (broker) => (request, _context, respond) => {
    broker.controller.submit({ type: 'AllocateProducerIds', brokerId: request.brokerId }, (answer) => {
      if ('error' in answer) {
        respond(controllerApis.allocateProducerIds.refusal(request, answer.error));
        return;
      }
      const { firstProducerId, count } = answer.reply;
      respond({ errorCode: ErrorCode.NONE, producerIdStart: firstProducerId, producerIdLen: count });
    });
  },
);
