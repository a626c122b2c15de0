/**
 * ListConfigResources: what DescribeConfigs can be asked about, topics and brokers (KIP-1142). Version 0 asks for
 * client metrics alone, of which there are none, as there are no loggers and no groups with configuration. No types
 * mean all types; one that nobody knows is UNSUPPORTED_VERSION for the whole request, as in Kafka.
 */
import { ErrorCode, listConfigResourcesApi } from '@tidemark/wire';
import { ResourceType } from './config-entries.js';
import { defineHandler } from './handler.js';

const LISTED: readonly number[] = [ResourceType.TOPIC, ResourceType.BROKER];
/** Of Kafka, known and empty here: broker loggers, client metrics, groups. */
const EMPTY: readonly number[] = [8, 16, 32];

export const listConfigResourcesHandler = defineHandler(
  listConfigResourcesApi,
  (broker) => (request, context, respond) => {
    const named = new Set(context.apiVersion === 0 ? EMPTY : request.resourceTypes);
    const types = named.size === 0 ? new Set(LISTED) : named;
    if ([...types].some((type) => !LISTED.includes(type) && !EMPTY.includes(type))) {
      respond({ errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] });
      return;
    }
    const image = broker.metadata();
    const of = (resourceType: number, names: Iterable<string>) =>
      types.has(resourceType) ? [...names].map((resourceName) => ({ resourceName, resourceType })) : [];
    respond({
      errorCode: ErrorCode.NONE,
      configResources: [
        ...of(ResourceType.TOPIC, image.topics.keys()),
        ...of(ResourceType.BROKER, [...image.brokers.keys()].map(String)),
      ],
    });
  },
);
