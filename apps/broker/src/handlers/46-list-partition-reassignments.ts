/**
 * ListPartitionReassignments: the moves that are under way, of all topics or of the partitions asked for. From the
 * active controller, whose metadata is the newest.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse } from '@tidemark/wire';
import type { MetadataImage } from '../controller/metadata-image.js';
import { isMoving } from '../controller/partitions/reassignment-steps.js';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';

export const listPartitionReassignmentsHandler = defineForwardedHandler(
  controllerApis.listPartitionReassignments,
  (broker) => (request, _context, respond) => {
    if (broker.controller.active)
      respond({ errorCode: ErrorCode.NONE, topics: moving(broker.metadata(), request) });
    else respond(controllerApis.listPartitionReassignments.refusal(request, ErrorCode.NOT_CONTROLLER));
  },
);

function moving(
  image: MetadataImage,
  { topics }: ListPartitionReassignmentsRequest,
): ListPartitionReassignmentsResponse['topics'] {
  const asked =
    topics === null
      ? undefined
      : new Map(topics.map(({ name, partitionIndexes }) => [name, partitionIndexes]));
  const answers: ListPartitionReassignmentsResponse['topics'] = [...image.topics.values()].map((topic) => ({
    name: topic.name,
    partitions: topic.partitions
      .filter((partition) => isMoving(partition))
      .filter(({ partition }) => asked === undefined || asked.get(topic.name)?.includes(partition) === true)
      .map(({ partition, replicas, adding, removing }) => {
        return {
          partitionIndex: partition,
          replicas,
          addingReplicas: adding,
          removingReplicas: removing,
        };
      }),
  }));
  return answers.filter(({ partitions }) => partitions.length > 0);
}
