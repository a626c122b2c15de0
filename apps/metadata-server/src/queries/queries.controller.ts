/**
 * Questions from `tidemark.queries`: each partition of it has one owner among the replicas, and whoever asks sends to
 * another partition when the first owner does not answer.
 */
import { Controller, UseFilters } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  decode,
  type Message,
  QUERIES,
  QUERIES_TOPIC,
  type QueryReply,
  type QueryType,
} from '@tidemark/contracts';
import {
  PassErrorsFilter,
  type ReplyMessage,
  TOPICS,
  type TopicHandlerExtras,
  type TopicRecord,
} from '@tidemark/service';
import { UnreadableRecord } from '../hosting/command-records.js';
import { QueryService } from './query-service.js';

export const QUERIES_GROUP = 'metadata-server-queries';

/** Questions of one partition at once: most of those that take long only wait for a position. */
const CONCURRENCY = 64;

const EXTRAS: TopicHandlerExtras = { group: QUERIES_GROUP, concurrency: CONCURRENCY };

@Controller()
@UseFilters(PassErrorsFilter)
export class QueriesController {
  constructor(private readonly queries: QueryService) {}

  @MessagePattern(QUERIES_TOPIC, TOPICS, { ...EXTRAS })
  answer(@Payload() query: Message<QueryType>): Promise<QueryReply | undefined> {
    return this.queries.answer(query);
  }
}

/** The question in a record; throws for what is none. */
export function readQuery(record: TopicRecord): Message<QueryType> {
  const decoded = decode(record);
  if (decoded.kind !== 'message') {
    throw new UnreadableRecord(
      decoded.kind === 'malformed' ? decoded.error : `the record is a ${decoded.kind}`,
    );
  }
  if (!isQuery(decoded.message)) throw new UnreadableRecord(`${decoded.message.type} is not a query`);
  return decoded.message;
}

function isQuery(message: Message): message is Message<QueryType> {
  return Object.hasOwn(QUERIES, message.type);
}

export function queryReplyMessage(reply: QueryReply): ReplyMessage {
  return {
    value: JSON.stringify(reply),
    headers: { 'content-type': 'application/json', type: 'QueryReplied' },
  };
}
