/**
 * How a record asks for a reply and how a reply names its question: header names and their reading. Used by the book
 * of requests (`request-reply.ts`) on one side, by the partition worker and the topic transport on the other.
 */
import type { OutgoingHeaders, OutgoingRecord, TopicRecord } from '../topics/topics.js';

export const CORRELATION_ID_HEADER = 'correlation-id';
export const REPLY_TOPIC_HEADER = 'reply-topic';
/** Milliseconds since 1970 after which nobody waits for the reply; a question may then be passed over. */
export const REPLY_DEADLINE_HEADER = 'reply-deadline';
/** The position that the reply rests on, as a token (`topic/partition@nextOffset[,...]`). */
export const POSITION_HEADER = 'position';

/** What a reply topic of ours is called; a record may not direct replies anywhere else. */
const REPLY_TOPIC_PREFIX = 'tidemark.replies.';
const CORRELATION_ID_LENGTH_MAX = 200;

/** Where a reply goes and until when somebody waits for it. */
export interface ReplyAddress {
  readonly topic: string;
  readonly correlationId: string;
  readonly deadline: number;
}

export function headerText(record: TopicRecord, name: string): string | undefined {
  return record.headers.get(name)?.toString('utf8');
}

/** The address that a record carries; nothing when it asks for no reply, or not in our form. */
export function replyAddress(record: TopicRecord): ReplyAddress | undefined {
  const topic = headerText(record, REPLY_TOPIC_HEADER);
  const correlationId = headerText(record, CORRELATION_ID_HEADER);
  if (topic?.startsWith(REPLY_TOPIC_PREFIX) !== true || correlationId === undefined) return undefined;
  if (correlationId.length === 0 || correlationId.length > CORRELATION_ID_LENGTH_MAX) return undefined;
  const deadline = Number(headerText(record, REPLY_DEADLINE_HEADER));
  return { topic, correlationId, deadline: Number.isFinite(deadline) && deadline > 0 ? deadline : Infinity };
}

export function addressHeaders(address: ReplyAddress): OutgoingHeaders {
  return {
    [CORRELATION_ID_HEADER]: address.correlationId,
    [REPLY_TOPIC_HEADER]: address.topic,
    [REPLY_DEADLINE_HEADER]: String(address.deadline),
  };
}

/** The record that answers `address`. */
export function replyRecord(
  address: ReplyAddress,
  value: string | Uint8Array,
  headers: OutgoingHeaders = {},
): OutgoingRecord {
  return {
    key: null,
    partition: 0,
    value,
    headers: { ...headers, [CORRELATION_ID_HEADER]: address.correlationId },
  };
}
