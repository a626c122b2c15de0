/**
 * SyncGroup: the leader of a generation hands in everybody's assignment, every member gets its own; answered when the
 * assignments are stored (G8).
 */
import { ErrorCode, syncGroupApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const syncGroupHandler = defineHandler(syncGroupApi, (broker) => (request, context, respond) => {
  const { groupId } = request;
  const partition =
    groupId === '' ? ErrorCode.INVALID_GROUP_ID : broker.coordinators.groups.partitionOf(groupId);
  if (typeof partition === 'number') {
    respond({ errorCode: partition, assignment: new Uint8Array() });
    return;
  }
  const input = {
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
    protocolType: request.protocolType,
    protocolName: request.protocolName,
    assignments: new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment])),
  };
  partition.sync(groupId, context, input, ({ error, protocolType, protocolName, assignment }) => {
    respond({ errorCode: error, protocolType, protocolName, assignment });
  });
});
