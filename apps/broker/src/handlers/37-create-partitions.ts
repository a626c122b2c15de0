/**
 * CreatePartitions: raises the partition counts of topics; answered when the metadata is committed and this broker
 * serves the new partitions (D3).
 */
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';

export const createPartitionsHandler = defineForwardedHandler(
  controllerApis.createPartitions,
  (broker) => (request, _context, respond) => {
    const topics = request.topics.map(({ name, count, assignments }) => ({
      name,
      count,
      assignments: assignments?.map(({ brokerIds }) => brokerIds) ?? null,
    }));
    const { validateOnly } = request;
    broker.controller.submit({ type: 'CreatePartitions', topics, validateOnly }, (answer) => {
      if ('error' in answer) {
        respond(controllerApis.createPartitions.refusal(request, answer.error));
        return;
      }
      respond({
        results: answer.reply.map(({ name, error, message }) => ({
          name,
          errorCode: error,
          errorMessage: message,
        })),
      });
    });
  },
);
