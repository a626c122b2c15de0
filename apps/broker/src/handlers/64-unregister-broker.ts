/**
 * UnregisterBroker: forgets a broker that was taken away for good. Refused while it runs, holds replicas, or is a
 * voter of the controller quorum.
 */
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';

export const unregisterBrokerHandler = defineForwardedHandler(
  controllerApis.unregisterBroker,
  (broker) => (request, _context, respond) => {
    const { brokerId } = request;
    const voter = broker.isVoter(brokerId);
    broker.controller.submit({ type: 'UnregisterBroker', brokerId, voter }, (answer) => {
      if ('error' in answer) respond(controllerApis.unregisterBroker.refusal(request, answer.error));
      else respond({ errorCode: answer.reply.error, errorMessage: answer.reply.message });
    });
  },
);
