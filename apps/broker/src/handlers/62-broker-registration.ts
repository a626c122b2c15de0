/**
 * BrokerRegistration: a broker that has started tells the active controller where it listens and on which directory
 * it runs. Answered with its broker epoch when the registration is committed.
 */
import { ErrorCode, brokerRegistrationApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const brokerRegistrationHandler = defineHandler(
  brokerRegistrationApi,
  (broker) => (request, _context, respond) => {
    const { brokerId, clusterId, incarnationId, rack, previousBrokerEpoch } = request;
    const [listener] = request.listeners;
    if (listener === undefined) {
      respond({ errorCode: ErrorCode.INVALID_REGISTRATION });
      return;
    }
    const { host, port } = listener;
    const command = {
      type: 'RegisterBroker',
      brokerId,
      clusterId,
      incarnationId,
      host,
      port,
      rack,
      directoryId: request.logDirs[0] ?? '',
      previousBrokerEpoch,
      contested: broker.brokerSessions.contests(brokerId, incarnationId),
    } as const;
    broker.controller.submit(command, (answer) => {
      if ('error' in answer) respond({ errorCode: answer.error });
      else respond({ errorCode: answer.reply.error, brokerEpoch: answer.reply.epoch });
    });
  },
);
