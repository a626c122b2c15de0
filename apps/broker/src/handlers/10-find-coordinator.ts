/**
 * FindCoordinator: which broker coordinates a group. The first question of a cluster's life makes
 * `__consumer_offsets` and is answered when that is there. Version 4 on asks for several keys. There are no
 * transactions yet, so a transactional id (key type 1) has no coordinator and never will by asking again.
 */
import { ErrorCode, findCoordinatorApi } from '@tidemark/wire';
import { GROUP_OFFSETS_TOPIC } from '../controller/metadata-image.js';
import { brokerEndpoints } from './broker-endpoints.js';
import { defineHandler } from './handler.js';
import type { BrokerContext, RequestContext } from './handler.js';

const SEVERAL_KEYS_VERSION = 4;
const GROUP_KEY = 0;

interface Found {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

const nowhere = (errorCode: ErrorCode, errorMessage: string | null = null): Found => {
  return { errorCode, errorMessage, nodeId: -1, host: '', port: -1 };
};

export const findCoordinatorHandler = defineHandler(
  findCoordinatorApi,
  (broker) => (request, context, respond) => {
    const several = context.apiVersion >= SEVERAL_KEYS_VERSION;
    const answer = (): void => {
      if (several) {
        const find = (key: string): Found => findCoordinator(broker, context, request.keyType, key);
        respond({ coordinators: request.coordinatorKeys.map((key) => ({ key, ...find(key) })) });
      } else {
        respond(findCoordinator(broker, context, request.keyType, request.key));
      }
    };
    const missing = request.keyType === GROUP_KEY && !broker.metadata().topics.has(GROUP_OFFSETS_TOPIC);
    if (missing) broker.topicsOnUse.createInternal(GROUP_OFFSETS_TOPIC, answer);
    else answer();
  },
);

function findCoordinator(
  broker: BrokerContext,
  context: RequestContext,
  keyType: number,
  key: string,
): Found {
  if (keyType !== GROUP_KEY)
    return nowhere(ErrorCode.INVALID_REQUEST, 'Only groups have coordinators on this broker');
  const id = broker.coordinators.groups.coordinatorOf(key);
  const endpoint = brokerEndpoints(broker.metadata(), broker, context).find(({ nodeId }) => nodeId === id);
  if (endpoint === undefined) return nowhere(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  const { nodeId, host, port } = endpoint;
  return { errorCode: ErrorCode.NONE, errorMessage: null, nodeId, host, port };
}
