/**
 * DescribeConfigs: configuration of topics and of this broker, with sources, and synonyms and documentation where
 * asked for (D4). Null and an empty list of names both mean all; names that do not exist are left out. A broker can
 * only be asked about itself. The broker's settings are read-only: they come from its environment.
 */
import { ErrorCode, describeConfigsApi } from '@tidemark/wire';
import type { DescribeConfigsRequest, DescribeConfigsResponse } from '@tidemark/wire';
import { topicNameFault } from '../controller/topics/topic-names.js';
import { ResourceType, brokerConfigEntries, topicConfigEntries } from './config-entries.js';
import type { ConfigEntry } from './config-entries.js';
import { defineHandler } from './handler.js';
import type { BrokerContext } from './handler.js';

type ResourceAsked = DescribeConfigsRequest['resources'][number];
type ResourceAnswer = DescribeConfigsResponse['results'][number];

interface Refusal {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
}

export const describeConfigsHandler = defineHandler(
  describeConfigsApi,
  (broker) => (request, _context, respond) => {
    // A resource named a hundred thousand times is described once: the answer must not dwarf the question.
    const asked = new Map(request.resources.map((one) => [`${one.resourceType}/${one.resourceName}`, one]));
    respond({ results: [...asked.values()].map((resource) => describe(broker, resource, request)) });
  },
);

function describe(
  broker: BrokerContext,
  resource: ResourceAsked,
  request: DescribeConfigsRequest,
): ResourceAnswer {
  const { resourceType, resourceName, configurationKeys } = resource;
  const found = entriesOf(broker, resource);
  if ('errorCode' in found) return { ...found, resourceType, resourceName, configs: [] };
  const wanted = new Set(configurationKeys ?? []);
  const configs = found
    .filter(({ name }) => wanted.size === 0 || wanted.has(name))
    .map(({ name, value, source, readOnly, configType, documentation, synonyms }) => ({
      name,
      value,
      readOnly,
      configSource: source,
      isSensitive: false,
      synonyms: request.includeSynonyms ? synonyms : [],
      configType,
      documentation: request.includeDocumentation ? documentation : null,
    }));
  return { errorCode: ErrorCode.NONE, resourceType, resourceName, configs };
}

function entriesOf(
  broker: BrokerContext,
  { resourceType, resourceName }: ResourceAsked,
): ConfigEntry[] | Refusal {
  switch (resourceType) {
    case ResourceType.TOPIC:
      return topicEntries(broker, resourceName);
    case ResourceType.BROKER:
      return brokerEntries(broker, resourceName);
    default: {
      const errorMessage = `Resources of type ${resourceType} have no configuration on this broker`;
      return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
    }
  }
}

function topicEntries(broker: BrokerContext, name: string): ConfigEntry[] | Refusal {
  const fault = topicNameFault(name);
  if (fault !== undefined) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: fault };
  const topic = broker.metadata().topics.get(name);
  if (topic !== undefined) return topicConfigEntries(topic.configs, broker.config.configured);
  return {
    errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    errorMessage: `The topic '${name}' does not exist.`,
  };
}

/** The empty name stands for dynamic defaults of all brokers, of which there are none. */
function brokerEntries(broker: BrokerContext, name: string): ConfigEntry[] | Refusal {
  if (name === '') return [];
  const { nodeId, configured } = broker.config;
  if (name === String(nodeId)) return brokerConfigEntries(configured);
  const errorMessage = `This is broker ${nodeId}: it knows its own configuration only, not that of '${name}'`;
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}
