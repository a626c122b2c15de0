/**
 * DeleteTopics: by name, or by name or id from version 6 on; answered when the metadata is committed. The data is out
 * of reach at once and leaves the disk soon after (D2).
 */
import { ErrorCode, ZERO_UUID } from '@tidemark/wire';
import type { DeleteTopicsRequest, DeleteTopicsResponse } from '@tidemark/wire';
import type { TopicReference } from '../controller/topics/topic-changes.js';
import { controllerApis } from './controller-apis.js';
import { defineForwardedHandler } from './forwarded.js';

const TOPIC_IDS_VERSION = 6;
const DELETION_DISABLED_VERSION = 3;

export const deleteTopicsHandler = defineForwardedHandler(
  controllerApis.deleteTopics,
  (broker) => (request, context, respond) => {
    const topics = references(request, context.apiVersion);
    const refuseAll = (errorCode: ErrorCode, errorMessage: string | null = null): DeleteTopicsResponse => ({
      responses: topics.map(({ name, topicId }) => ({
        name,
        topicId: topicId ?? ZERO_UUID,
        errorCode,
        errorMessage,
      })),
    });
    if (!broker.config.settings['delete.topic.enable']) {
      const named = context.apiVersion >= DELETION_DISABLED_VERSION;
      const error = named ? ErrorCode.TOPIC_DELETION_DISABLED : ErrorCode.INVALID_REQUEST;
      respond(refuseAll(error, 'Topic deletion is switched off (delete.topic.enable)'));
      return;
    }
    broker.controller.submit({ type: 'DeleteTopics', topics }, (answer) => {
      if ('error' in answer) {
        respond(refuseAll(answer.error));
        return;
      }
      respond({
        responses: answer.reply.map(({ name, topicId, error, message }) => {
          return { name, topicId: topicId ?? ZERO_UUID, errorCode: error, errorMessage: message };
        }),
      });
    });
  },
);

/** A topic that is named has no id on the wire, which is the zero id. */
function references(request: DeleteTopicsRequest, apiVersion: number): TopicReference[] {
  if (apiVersion < TOPIC_IDS_VERSION) return request.topicNames.map((name) => ({ name, topicId: null }));
  return request.topics.map(({ name, topicId }) => ({
    name,
    topicId: topicId === ZERO_UUID ? null : topicId,
  }));
}
