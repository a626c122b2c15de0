/** The table of error codes against the numbers that Kafka gives them. */
import { describe, expect, it } from '@jest/globals';
import { ERRORS, ErrorCode, errorName, errorOf } from './error-codes.js';

describe('error codes', () => {
  it('are numbered without a gap, each with its own words', () => {
    expect(ERRORS.map(({ code }) => code)).toEqual(ERRORS.map((_, i) => i - 1));
    expect(new Set(ERRORS.map(({ meaning }) => meaning)).size).toBe(ERRORS.length);
  });

  // Numbers and retriability that clients in the field rely on.
  it.each([
    ['UNKNOWN_SERVER_ERROR', -1, false],
    ['NONE', 0, false],
    ['OFFSET_OUT_OF_RANGE', 1, false],
    ['UNKNOWN_TOPIC_OR_PARTITION', 3, true],
    ['LEADER_NOT_AVAILABLE', 5, true],
    ['NOT_LEADER_OR_FOLLOWER', 6, true],
    ['MESSAGE_TOO_LARGE', 10, false],
    ['COORDINATOR_LOAD_IN_PROGRESS', 14, true],
    ['NOT_COORDINATOR', 16, true],
    ['ILLEGAL_GENERATION', 22, false],
    ['UNKNOWN_MEMBER_ID', 25, false],
    ['REBALANCE_IN_PROGRESS', 27, false],
    ['UNSUPPORTED_VERSION', 35, false],
    ['TOPIC_ALREADY_EXISTS', 36, false],
    ['INVALID_REQUEST', 42, false],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45, false],
    ['INVALID_PRODUCER_EPOCH', 47, false],
    ['KAFKA_STORAGE_ERROR', 56, true],
    ['GROUP_ID_NOT_FOUND', 69, false],
    ['FENCED_LEADER_EPOCH', 74, true],
    ['UNSUPPORTED_COMPRESSION_TYPE', 76, false],
    ['OFFSET_NOT_AVAILABLE', 78, true],
    ['MEMBER_ID_REQUIRED', 79, false],
    ['FENCED_INSTANCE_ID', 82, false],
    ['INVALID_RECORD', 87, false],
    ['PRODUCER_FENCED', 90, false],
    ['UNKNOWN_TOPIC_ID', 100, true],
    ['INELIGIBLE_REPLICA', 107, false],
    ['STALE_MEMBER_EPOCH', 113, false],
    ['REBOOTSTRAP_REQUIRED', 129, false],
  ] as const)('%s is %d', (name, code, retriable) => {
    expect(ErrorCode[name]).toBe(code);
    expect(errorOf(code)).toMatchObject({ name, retriable });
  });

  it('names what it does not know', () => {
    expect(errorOf(999)).toBeUndefined();
    expect(errorName(999)).toBe('ERROR_999');
    expect(errorName(3)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});
