/**
 * Heartbeat: a member says that it lives, and learns whether to join again (REBALANCE_IN_PROGRESS) or that it is not
 * a member any more (G9).
 */
import { ErrorCode, heartbeatApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const heartbeatHandler = defineHandler(heartbeatApi, (broker) => (request, context, respond) => {
  const { groupId, memberId, groupInstanceId: instanceId, generationId: generation } = request;
  const partition = broker.coordinators.groups.partitionOf(groupId);
  if (groupId === '') respond({ errorCode: ErrorCode.INVALID_GROUP_ID });
  else if (typeof partition === 'number') respond({ errorCode: partition });
  else
    partition.heartbeat(groupId, context, { memberId, instanceId, generation }, (errorCode) => {
      respond({ errorCode });
    });
});
