/**
 * BrokerHeartbeat: a registered broker lives. Its session with the active controller goes on, and its connection is
 * watched; most heartbeats change nothing and are answered at once.
 */
import { brokerHeartbeatApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const brokerHeartbeatHandler = defineHandler(
  brokerHeartbeatApi,
  (broker) => (request, context, respond) => {
    const { brokerId, brokerEpoch, currentMetadataOffset: metadataOffset, wantFence, wantShutDown } = request;
    broker.brokerSessions.heard(brokerId, brokerEpoch, context);
    broker.controller.submit(
      { type: 'BrokerHeartbeat', brokerId, brokerEpoch, metadataOffset, wantFence, wantShutDown },
      (answer) => {
        if ('error' in answer) {
          respond({ errorCode: answer.error, shouldShutDown: false });
          return;
        }
        const { error: errorCode, ...reply } = answer.reply;
        respond({ errorCode, ...reply });
      },
    );
  },
);
