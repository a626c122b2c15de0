/**
 * CreatePartitions: raises the partition counts of topics; answered when the metadata is committed and this broker
 * serves the new partitions (D3).
 */
import { createPartitionsApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const createPartitionsHandler = defineHandler(
  createPartitionsApi,
  (broker) => (request, _context, respond) => {
    const topics = request.topics.map(({ name, count, assignments }) => ({
      name,
      count,
      assignments: assignments?.map(({ brokerIds }) => brokerIds) ?? null,
    }));
    const { validateOnly } = request;
    broker.controller.submit({ type: 'CreatePartitions', topics, validateOnly }, (answer) => {
      if ('error' in answer) {
        const { error } = answer;
        respond({ results: topics.map(({ name }) => ({ name, errorCode: error })) });
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
