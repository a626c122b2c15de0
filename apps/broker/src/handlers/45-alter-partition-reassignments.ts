/**
 * AlterPartitionReassignments: moves partitions to other brokers, or cancels a move (null). Answered when the move has
 * begun; ListPartitionReassignments tells how it goes on.
 */
import { ErrorCode } from '@tidemark/wire';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';

export const alterPartitionReassignmentsHandler = defineForwardedHandler(
  controllerApis.alterPartitionReassignments,
  (broker) => (request, _context, respond) => {
    const { allowReplicationFactorChange, topics } = request;
    const partitions = topics.flatMap((topic) =>
      topic.partitions.map(({ partitionIndex, replicas }) => {
        return { topic: topic.name, partition: partitionIndex, replicas };
      }),
    );
    const command = { type: 'AlterReassignments', partitions, allowReplicationFactorChange } as const;
    broker.controller.submit(command, (answer) => {
      if ('error' in answer) {
        respond(controllerApis.alterPartitionReassignments.refusal(request, answer.error));
        return;
      }
      // One result for each partition asked for, in that order.
      const results = [...answer.reply];
      const responses = topics.map(({ name, partitions: asked }) => ({
        name,
        partitions: results.splice(0, asked.length).map(({ partition, error, message }) => {
          return { partitionIndex: partition, errorCode: error, errorMessage: message };
        }),
      }));
      respond({ allowReplicationFactorChange, errorCode: ErrorCode.NONE, responses });
    });
  },
);
