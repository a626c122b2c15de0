/**
 * LeaveGroup: one member goes (up to version 2), or several are taken out by member or instance id (from 3), each with
 * its own error. The group rebalances at once instead of waiting for their sessions.
 */
import { ErrorCode, leaveGroupApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

const SEVERAL_MEMBERS_VERSION = 3;

export const leaveGroupHandler = defineHandler(leaveGroupApi, (broker) => (request, context, respond) => {
  const { groupId } = request;
  const several = context.apiVersion >= SEVERAL_MEMBERS_VERSION;
  const partition =
    groupId === '' ? ErrorCode.INVALID_GROUP_ID : broker.coordinators.groups.partitionOf(groupId);
  if (typeof partition === 'number') {
    respond({ errorCode: partition });
    return;
  }
  const members = several
    ? request.members.map(({ memberId, groupInstanceId: instanceId }) => ({ memberId, instanceId }))
    : [{ memberId: request.memberId, instanceId: null }];
  partition.leave(groupId, members, (answers) => {
    if (!several) {
      respond({ errorCode: answers[0]?.error ?? ErrorCode.UNKNOWN_MEMBER_ID });
      return;
    }
    respond({
      errorCode: ErrorCode.NONE,
      members: answers.map(({ memberId, instanceId, error }) => {
        return { memberId, groupInstanceId: instanceId, errorCode: error };
      }),
    });
  });
});
