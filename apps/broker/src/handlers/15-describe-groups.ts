/**
 * DescribeGroups: state and members of groups. A group that nobody knows is Dead without an error up to version 5 and
 * GROUP_ID_NOT_FOUND from 6 on (G14). Metadata and assignments are shown of a stable group only: between two
 * generations they are in dispute.
 */
import { ErrorCode, describeGroupsApi } from '@tidemark/wire';
import type { DescribeGroupsResponse } from '@tidemark/wire';
import { metadataOf } from '../groups/group-members.js';
import type { Group } from '../groups/group-members.js';
import { NOT_ASKED, allOperations } from './authorized-operations.js';
import { defineHandler } from './handler.js';

type GroupAnswer = DescribeGroupsResponse['groups'][number];

const NOT_FOUND_VERSION = 6;
const NOTHING = new Uint8Array();

export const describeGroupsHandler = defineHandler(
  describeGroupsApi,
  (broker) => (request, context, respond) => {
    const authorizedOperations = request.includeAuthorizedOperations ? allOperations('group') : NOT_ASKED;
    respond({
      groups: request.groups.map((groupId): GroupAnswer => {
        const partition = broker.coordinators.groups.partitionOf(groupId);
        if (typeof partition === 'number')
          return { ...nobody(groupId), errorCode: partition, authorizedOperations };
        const group = partition.groupOf(groupId);
        if (group !== undefined) return { ...describe(group), authorizedOperations };
        const dead = { ...nobody(groupId), groupState: 'Dead', authorizedOperations };
        if (context.apiVersion < NOT_FOUND_VERSION) return dead;
        return {
          ...dead,
          errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
          errorMessage: `Group ${groupId} not found.`,
        };
      }),
    });
  },
);

function nobody(groupId: string): GroupAnswer {
  return {
    errorCode: ErrorCode.NONE,
    groupId,
    groupState: '',
    protocolType: '',
    protocolData: '',
    members: [],
  };
}

function describe(group: Group): GroupAnswer {
  const stable = group.phase === 'Stable';
  return {
    errorCode: ErrorCode.NONE,
    groupId: group.groupId,
    groupState: group.phase,
    protocolType: group.protocolType ?? '',
    protocolData: stable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: stable ? metadataOf(member, group.protocolName) : NOTHING,
      memberAssignment: stable ? member.assignment : NOTHING,
    })),
  };
}
