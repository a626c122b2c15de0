/**
 * Writes the reply that a record asked for, within the patience of whoever waits. A reply that cannot be written is
 * given up with a line in the log: the one who asked has a deadline and asks again.
 */
import type { Clock } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import type { Logger } from '../hosting/logger.js';
import { replyAddress, replyRecord } from '../requests/reply-protocol.js';
import type { TopicRecord, Topics } from '../topics/topics.js';
import type { ReplyMessage } from './worker-options.js';

export interface ReplyContext {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DEADLINE_MS = 5_000;

/** Never rejects. */
export async function writeReply(
  { topics, clock, logger }: ReplyContext,
  record: TopicRecord,
  message: ReplyMessage | undefined,
): Promise<void> {
  const address = message === undefined ? undefined : replyAddress(record);
  if (message === undefined || address === undefined) return;
  const deadlineMs = Math.min(DEADLINE_MS, address.deadline - clock.now());
  if (deadlineMs <= 0) return;
  const reply = replyRecord(address, message.value, message.headers);
  try {
    await topics.publish(address.topic, [reply], { deadlineMs });
  } catch (error) {
    logger.warn({ topic: address.topic, error: describeError(error) }, 'a reply was not written');
  }
}
