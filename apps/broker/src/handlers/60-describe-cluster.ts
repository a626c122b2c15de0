/**
 * DescribeCluster: the brokers and the one that takes controller work. Controllers of their own (endpoint type 2) do
 * not exist apart from brokers here.
 */
import { ErrorCode, describeClusterApi } from '@tidemark/wire';
import { NOT_ASKED, allOperations } from './authorized-operations.js';
import { brokerEndpoints } from './broker-endpoints.js';
import { defineHandler } from './handler.js';

const BROKERS = 1;
const CONTROLLERS = 2;

export const describeClusterHandler = defineHandler(
  describeClusterApi,
  (broker) => (request, context, respond) => {
    const image = broker.metadata();
    const { endpointType } = request;
    if (endpointType !== BROKERS) {
      const known = endpointType === CONTROLLERS;
      respond({
        throttleTimeMs: 0,
        errorCode: known ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
        errorMessage: known ? 'this listener is one of brokers' : `there is no endpoint type ${endpointType}`,
        endpointType,
        clusterId: image.clusterId,
        brokers: [],
      });
      return;
    }
    respond({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      endpointType,
      clusterId: image.clusterId,
      controllerId: broker.controller.leaderId,
      brokers: brokerEndpoints(image, broker, context, request.includeFencedBrokers).map(
        ({ nodeId, ...where }) => ({
          brokerId: nodeId,
          ...where,
          isFenced: image.brokers.get(nodeId)?.fenced === true,
        }),
      ),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? allOperations('cluster')
        : NOT_ASKED,
    });
  },
);
