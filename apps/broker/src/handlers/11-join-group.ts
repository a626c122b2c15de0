/**
 * JoinGroup: become, or stay, a member of a group; answered when the generation is complete, which may take until the
 * rebalance timeout. The rules are in `groups/group-session.ts`; here are the checks that need only the request.
 */
import { ErrorCode, joinGroupApi } from '@tidemark/wire';
import type { JoinGroupResponse } from '@tidemark/wire';
import type { JoinAnswer } from '../groups/group-inputs.js';
import { failedJoin } from '../groups/group-rebalance.js';
import { defineHandler } from './handler.js';
import type { BrokerContext } from './handler.js';

const COMES_TWICE_VERSION = 4;
const NULL_PROTOCOL_VERSION = 7;
const SKIP_ASSIGNMENT_VERSION = 9;

export const joinGroupHandler = defineHandler(joinGroupApi, (broker) => (request, context, respond) => {
  const { apiVersion, clientId } = context;
  const done = (answer: JoinAnswer): void => respond(responseOf(answer, apiVersion));
  const { groupId, memberId, sessionTimeoutMs } = request;
  const tooLarge =
    request.protocols.reduce((sum, { metadata }) => sum + metadata.length, 0) >
    broker.config.settings['message.max.bytes'];
  const refused =
    groupId === '' ? ErrorCode.INVALID_GROUP_ID : tooLarge ? ErrorCode.INVALID_REQUEST : undefined;
  const partition = refused ?? partitionFor(broker, groupId, sessionTimeoutMs);
  if (typeof partition === 'number') {
    done(failedJoin(partition, memberId));
    return;
  }
  const prefix = request.groupInstanceId ?? clientId;
  const input = {
    memberId,
    proposedMemberId: `${prefix}-${broker.random.uuid()}`,
    instanceId: request.groupInstanceId,
    clientId,
    clientHost: `/${context.remote.host}`,
    sessionTimeoutMs,
    // -1 where the version has none: as long as a session.
    rebalanceTimeoutMs: request.rebalanceTimeoutMs < 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs,
    protocolType: request.protocolType,
    protocols: request.protocols,
    comesTwice: apiVersion >= COMES_TWICE_VERSION,
    skipsAssignment: apiVersion >= SKIP_ASSIGNMENT_VERSION,
  };
  partition.join(groupId, context, input, done);
});

function partitionFor(
  broker: BrokerContext,
  groupId: string,
  sessionTimeoutMs: number,
): ReturnType<BrokerContext['coordinators']['groups']['partitionOf']> {
  const { settings } = broker.config;
  const partition = broker.coordinators.groups.partitionOf(groupId);
  if (typeof partition === 'number') return partition;
  const tooShort = sessionTimeoutMs < settings['group.min.session.timeout.ms'];
  const tooLong = sessionTimeoutMs > settings['group.max.session.timeout.ms'];
  return tooShort || tooLong ? ErrorCode.INVALID_SESSION_TIMEOUT : partition;
}

function responseOf(answer: JoinAnswer, apiVersion: number): JoinGroupResponse {
  return {
    errorCode: answer.error,
    generationId: answer.generation,
    protocolType: answer.protocolType,
    protocolName: answer.protocolName ?? (apiVersion >= NULL_PROTOCOL_VERSION ? null : ''),
    leader: answer.leaderId,
    skipAssignment: answer.skipAssignment,
    memberId: answer.memberId,
    members: answer.members.map(({ memberId, instanceId, metadata }) => {
      return { memberId, groupInstanceId: instanceId, metadata };
    }),
  };
}
