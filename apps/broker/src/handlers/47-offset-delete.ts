/**
 * OffsetDelete: forgets committed offsets of some partitions, but not those of a topic that a living consumer group
 * subscribes to (GROUP_SUBSCRIBED_TO_TOPIC for its partitions). One version, never flexible.
 */
import { ErrorCode, offsetDeleteApi } from '@tidemark/wire';
import { defineHandler } from './handler.js';

export const offsetDeleteHandler = defineHandler(
  offsetDeleteApi,
  (broker) => (request, _context, respond) => {
    const exists = (topic: string, partition: number): boolean => {
      return broker.metadata().topics.get(topic)?.partitions[partition] !== undefined;
    };
    const partitions = request.topics.flatMap((topic) =>
      topic.partitions
        .map(({ partitionIndex: partition }) => ({ topic: topic.name, partition }))
        .filter(({ partition }) => exists(topic.name, partition)),
    );
    broker.coordinators.groups.deleteOffsets(request.groupId, partitions, (errorCode, subscribed) => {
      if (errorCode !== ErrorCode.NONE) {
        respond({ errorCode, topics: [] });
        return;
      }
      const errorOf = (topic: string, partition: number): ErrorCode => {
        if (!exists(topic, partition)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        return subscribed.has(topic) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE;
      };
      respond({
        errorCode,
        topics: request.topics.map(({ name, partitions: asked }) => ({
          name,
          partitions: asked.map(({ partitionIndex }) => {
            return { partitionIndex, errorCode: errorOf(name, partitionIndex) };
          }),
        })),
      });
    });
  },
);
