/**
 * The APIs whose requests only the active controller decides, as a table: what the answer is when a whole request is
 * refused, in each API's own shape, and which error such an answer carries. Used by their handlers, by
 * `forwarded.ts` and by whoever in this broker asks the controller (`peers/active-controller.ts`).
 */
import {
  ZERO_UUID,
  allocateProducerIdsApi,
  alterConfigsApi,
  alterPartitionApi,
  alterPartitionReassignmentsApi,
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
  electLeadersApi,
  incrementalAlterConfigsApi,
  listPartitionReassignmentsApi,
  unregisterBrokerApi,
  type Api,
  type Decoded,
  type Encodable,
  type ErrorCode,
  type FieldMap,
} from '@tidemark/wire';

export interface ControllerApi<Q extends FieldMap, P extends FieldMap> {
  readonly api: Api<Q, P>;
  /** Every item of the request refused with the same error. */
  refusal(request: Decoded<Q>, error: ErrorCode): Encodable<P>;
  /** The error of a refused request; NONE, or that of the first item, of any other answer. */
  errorOf(answer: Decoded<P>): number;
  /** A request that was read, to be written again; what was decoded holds every field. */
  given(request: Decoded<Q>): Encodable<Q>;
  /** An answer that was read, to be passed on. */
  passedOn(answer: Decoded<P>): Encodable<P>;
}

function controllerApi<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  shape: Pick<ControllerApi<Q, P>, 'refusal' | 'errorOf'>,
): ControllerApi<Q, P> {
  return {
    api,
    ...shape,
    // The compiler does not see that a message with all fields is one with the needed fields.
    given: (request) => request as unknown as Encodable<Q>,
    passedOn: (answer) => answer as unknown as Encodable<P>,
  };
}

/** Of answers that carry one error for each item. */
const firstOf = (items: readonly { readonly errorCode: number }[] | undefined): number =>
  items?.[0]?.errorCode ?? 0;

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** Both ways to change configuration answer for each resource. */
const ofResources = {
  refusal: ({ resources }: { readonly resources: readonly Resource[] }, errorCode: ErrorCode) => ({
    responses: resources.map(({ resourceType, resourceName }) => {
      return { errorCode, resourceType, resourceName };
    }),
  }),
  errorOf: ({ responses }: { readonly responses: readonly { readonly errorCode: number }[] }): number =>
    firstOf(responses),
};

export const controllerApis = {
  createTopics: controllerApi(createTopicsApi, {
    refusal: ({ topics }, errorCode) => ({
      topics: topics.map(({ name }) => ({ name, topicId: ZERO_UUID, errorCode })),
    }),
    errorOf: ({ topics }) => firstOf(topics),
  }),
  deleteTopics: controllerApi(deleteTopicsApi, {
    refusal: ({ topicNames, topics }, errorCode) => ({
      responses: [
        ...topicNames.map((name) => ({ name, topicId: ZERO_UUID, errorCode })),
        ...topics.map(({ name, topicId }) => ({ name, topicId, errorCode })),
      ],
    }),
    errorOf: ({ responses }) => firstOf(responses),
  }),
  createPartitions: controllerApi(createPartitionsApi, {
    refusal: ({ topics }, errorCode) => ({ results: topics.map(({ name }) => ({ name, errorCode })) }),
    errorOf: ({ results }) => firstOf(results),
  }),
  alterConfigs: controllerApi(alterConfigsApi, ofResources),
  incrementalAlterConfigs: controllerApi(incrementalAlterConfigsApi, ofResources),
  electLeaders: controllerApi(electLeadersApi, {
    // Version 0 has no error of the whole request, so each partition carries it too.
    refusal: ({ topicPartitions }, errorCode) => ({
      errorCode,
      replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
        topic,
        partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode })),
      })),
    }),
    errorOf: ({ errorCode, replicaElectionResults }) =>
      errorCode === 0 ? firstOf(replicaElectionResults[0]?.partitionResult) : errorCode,
  }),
  alterPartitionReassignments: controllerApi(alterPartitionReassignmentsApi, {
    refusal: (_request, errorCode) => ({ errorCode, responses: [] }),
    errorOf: ({ errorCode }) => errorCode,
  }),
  listPartitionReassignments: controllerApi(listPartitionReassignmentsApi, {
    refusal: (_request, errorCode) => ({ errorCode, topics: [] }),
    errorOf: ({ errorCode }) => errorCode,
  }),
  unregisterBroker: controllerApi(unregisterBrokerApi, {
    refusal: (_request, errorCode) => ({ errorCode }),
    errorOf: ({ errorCode }) => errorCode,
  }),
  alterPartition: controllerApi(alterPartitionApi, {
    refusal: (_request, errorCode) => ({ errorCode, topics: [] }),
    errorOf: ({ errorCode }) => errorCode,
  }),
  allocateProducerIds: controllerApi(allocateProducerIdsApi, {
    refusal: (_request, errorCode) => ({ errorCode, producerIdStart: -1, producerIdLen: 0 }),
    errorOf: ({ errorCode }) => errorCode,
  }),
} as const;
