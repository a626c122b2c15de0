/**
 * Which APIs this broker serves: the list that dispatch is made of and that ApiVersions tells.
 */
import { produceHandler } from './00-produce.js';
import { fetchHandler } from './01-fetch.js';
import { listOffsetsHandler } from './02-list-offsets.js';
import { metadataHandler } from './03-metadata.js';
import { apiVersionsHandler } from './18-api-versions.js';
import { deleteRecordsHandler } from './21-delete-records.js';
import { offsetForLeaderEpochHandler } from './23-offset-for-leader-epoch.js';
import { describeLogDirsHandler } from './35-describe-log-dirs.js';
import { describeClusterHandler } from './60-describe-cluster.js';
import { describeTopicPartitionsHandler } from './75-describe-topic-partitions.js';
import type { BrokerContext, Handler, HandlerFactory } from './handler.js';

const FACTORIES: readonly HandlerFactory[] = [
  produceHandler,
  fetchHandler,
  listOffsetsHandler,
  metadataHandler,
  deleteRecordsHandler,
  offsetForLeaderEpochHandler,
  describeLogDirsHandler,
  describeClusterHandler,
  describeTopicPartitionsHandler,
];

/** All handlers of one broker. */
export function handlersOf(broker: BrokerContext): readonly Handler[] {
  const handlers: Handler[] = FACTORIES.map((make) => make(broker));
  handlers.push(apiVersionsHandler(() => handlers.map(({ api }) => api))(broker));
  return handlers;
}
