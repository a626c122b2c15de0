/**
 * The dead-letter topic: records that could not be processed, unchanged in key and value, with their origin and what
 * went wrong in headers, so that they can be looked at and sent again to the group that failed. Writing one is retried
 * until it works, because its record's offset is committed only afterwards.
 */
import { DEAD_LETTERS_TOPIC } from '@tidemark/contracts';
import type { Clock } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import type { Logger } from '../hosting/logger.js';
import { TopicsError } from '../topics/topics.js';
import type { OutgoingHeaders, OutgoingRecord, TopicRecord, Topics } from '../topics/topics.js';
import { RETRY_POLICY, tryBounded } from './retry.js';

/** Header names of a dead letter; the record's own headers keep theirs. */
export const DEAD_LETTER_HEADERS = {
  topic: 'dead-letter-topic',
  partition: 'dead-letter-partition',
  offset: 'dead-letter-offset',
  timestamp: 'dead-letter-timestamp',
  group: 'dead-letter-group',
  errorClass: 'dead-letter-error-class',
  errorMessage: 'dead-letter-error-message',
  attempts: 'dead-letter-attempts',
} as const;

export interface Failure {
  /** The group that could not process the record. */
  readonly group: string;
  readonly error: Error;
  readonly attempts: number;
}

const MESSAGE_LENGTH_MAX = 1_000;

/** The dead letter of a record. A dead letter that fails again keeps its first origin out of the way of the new one. */
export function deadLetterOf(record: TopicRecord, failure: Failure): OutgoingRecord {
  const names = new Set<string>(Object.values(DEAD_LETTER_HEADERS));
  const own = Object.entries(record.headers).filter(([name]) => !names.has(name));
  const headers: OutgoingHeaders = {
    ...Object.fromEntries(own),
    [DEAD_LETTER_HEADERS.topic]: record.topic,
    [DEAD_LETTER_HEADERS.partition]: String(record.partition),
    [DEAD_LETTER_HEADERS.offset]: String(record.offset),
    [DEAD_LETTER_HEADERS.timestamp]: String(record.timestamp),
    [DEAD_LETTER_HEADERS.group]: failure.group,
    [DEAD_LETTER_HEADERS.errorClass]: failure.error.name,
    [DEAD_LETTER_HEADERS.errorMessage]: failure.error.message.slice(0, MESSAGE_LENGTH_MAX),
    [DEAD_LETTER_HEADERS.attempts]: String(failure.attempts),
  };
  return { key: record.rawKey, value: record.value, headers };
}

export class DeadLetters {
  #written = 0;

  constructor(
    private readonly topics: Topics,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Written by this process since its start. */
  get written(): number {
    return this.#written;
  }

  /** Resolves when it is written; false when `signal` was aborted first. */
  async write(record: TopicRecord, failure: Failure, signal: AbortSignal): Promise<boolean> {
    const { topic, partition, offset } = record;
    const fields = { topic, partition, offset, group: failure.group, attempts: failure.attempts };
    this.logger.error(
      { ...fields, error: describeError(failure.error) },
      'a record goes to the dead letters',
    );
    const policy = { ...RETRY_POLICY, attemptsMax: Infinity };
    let letter = deadLetterOf(record, failure);
    const publish = async (): Promise<void> => {
      try {
        await this.topics.publish(DEAD_LETTERS_TOPIC, [letter]);
      } catch (error) {
        // With its new headers it may not fit; the origin still says where the whole record lies.
        if (error instanceof TopicsError && error.code === 'too-large') letter = { ...letter, value: null };
        throw error;
      }
    };
    const tried = await tryBounded(publish, { clock: this.clock, policy, signal });
    if (!('value' in tried)) return false;
    this.#written += 1;
    return true;
  }
}
