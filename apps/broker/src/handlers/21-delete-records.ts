/**
 * DeleteRecords: gives up the records below an offset; -1 stands for all that are committed. Answers the new start of
 * the log.
 */
import { ErrorCode, deleteRecordsApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const deleteRecordsHandler = defineHandler(
  deleteRecordsApi,
  (broker) => (request, _context, respond) => {
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => {
        const replica = broker.replicas.leader(name, partitionIndex);
        const result = typeof replica === 'number' ? { error: replica } : replica.deleteRecordsBefore(offset);
        return 'error' in result
          ? { partitionIndex, lowWatermark: -1, errorCode: result.error }
          : { partitionIndex, lowWatermark: result.lowWatermark, errorCode: ErrorCode.NONE };
      }),
    }));
    broker.checkpoint();
    respond({ throttleTimeMs: 0, topics });
  },
);
