/**
 * How a record asks for a reply and how a reply names its question, by headers. Used by the book of requests
 * (`request-reply.ts`) on one side, by the partition worker and the topic transport on the other.
 */
import { headerText, isRepliesTopic } from '@tidemark/contracts';
import type { OutgoingHeaders, OutgoingRecord, TopicRecord } from '../topics/topics.js';

export const REPLY_TO_HEADER = 'reply-to';
export const CORRELATION_ID_HEADER = 'correlation-id';
/** Milliseconds since 1970 after which nobody waits for the reply; a question may then be passed over. */
export const REPLY_DEADLINE_HEADER = 'reply-deadline';

const CORRELATION_ID_LENGTH_MAX = 200;

/** Where a reply goes and until when somebody waits for it (milliseconds since 1970; Infinity when not said). */
export interface ReplyAddress {
  readonly topic: string;
  readonly correlationId: string;
  readonly deadline: number;
}

/** The address that a record carries; nothing when it asks for no reply, or to anywhere but a topic for replies. */
export function replyAddress(record: TopicRecord): ReplyAddress | undefined {
  const topic = headerText(record.headers, REPLY_TO_HEADER);
  const correlationId = headerText(record.headers, CORRELATION_ID_HEADER);
  if (topic === undefined || !isRepliesTopic(topic) || correlationId === undefined) return undefined;
  if (correlationId.length === 0 || correlationId.length > CORRELATION_ID_LENGTH_MAX) return undefined;
  const deadline = Number(headerText(record.headers, REPLY_DEADLINE_HEADER));
  return { topic, correlationId, deadline: Number.isFinite(deadline) && deadline > 0 ? deadline : Infinity };
}

export function addressHeaders(address: ReplyAddress): OutgoingHeaders {
  return {
    [CORRELATION_ID_HEADER]: address.correlationId,
    [REPLY_TO_HEADER]: address.topic,
    [REPLY_DEADLINE_HEADER]: String(address.deadline),
  };
}

/** The record that answers `address`; its key is the correlation id. */
export function replyRecord(
  address: ReplyAddress,
  value: string | Uint8Array,
  headers: OutgoingHeaders = {},
): OutgoingRecord {
  return {
    key: address.correlationId,
    partition: 0,
    value,
    headers: { ...headers, [CORRELATION_ID_HEADER]: address.correlationId },
  };
}
