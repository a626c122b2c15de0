/**
 * CreateTopics: each topic is made or refused by itself; answered when the metadata is committed and this broker
 * serves the new partitions. From version 5 on the answer tells counts and configuration, which are arrays and never
 * null (D1).
 */
import { ErrorCode } from '@tidemark/wire';
import type { CreateTopicsRequest, CreateTopicsResponse } from '@tidemark/wire';
import type { NewTopic, TopicResult } from '../controller/topics/create-topics.js';
import { topicConfigEntries } from './config-entries.js';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';
import type { BrokerContext } from './handler.js';

type TopicAsked = CreateTopicsRequest['topics'][number];
type TopicAnswer = CreateTopicsResponse['topics'][number];

export const createTopicsHandler = defineForwardedHandler(
  controllerApis.createTopics,
  (broker) => (request, _context, respond) => {
    const topics = request.topics.map((topic) => newTopic(broker, topic));
    const { validateOnly } = request;
    broker.controller.submit({ type: 'CreateTopics', topics, validateOnly }, (answer) => {
      if ('reply' in answer) {
        respond({ topics: answer.reply.map((result) => topicAnswer(broker, result)) });
        return;
      }
      respond(controllerApis.createTopics.refusal(request, answer.error));
    });
  },
);

function newTopic({ random }: BrokerContext, topic: TopicAsked): NewTopic {
  return {
    name: topic.name,
    topicId: random.uuid(),
    partitions: topic.numPartitions,
    replicationFactor: topic.replicationFactor,
    assignments: topic.assignments.map(({ partitionIndex, brokerIds }) => ({
      partition: partitionIndex,
      brokerIds,
    })),
    configs: topic.configs,
  };
}

function topicAnswer({ config }: BrokerContext, result: TopicResult): TopicAnswer {
  const { name, topicId, error, message } = result;
  const answer = { name, topicId, errorCode: error, errorMessage: message };
  if (error !== ErrorCode.NONE) return answer;
  return {
    ...answer,
    numPartitions: result.partitions,
    replicationFactor: result.replicationFactor,
    configs: topicConfigEntries(result.configs, config.configured).map((entry) => ({
      name: entry.name,
      value: entry.value,
      readOnly: entry.readOnly,
      configSource: entry.source,
      isSensitive: false,
    })),
  };
}
