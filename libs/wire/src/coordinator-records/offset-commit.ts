/**
 * A committed offset as a record of `__consumer_offsets`: the key names group, topic and partition, the value what
 * was committed; a null value forgets it. Kafka's own layout, so that Kafka's dump tool decodes our topic. Written by
 * the group coordinator, read at its replay.
 */
import type { Decoded, Encodable } from '../schema/field.js';
import { int32, int64, string, uuid } from '../schema/fields.js';
import { NEVER_FLEXIBLE, Schema } from '../schema/schema.js';
import { decodeVersioned, encodeVersioned } from '../schema/versioned.js';

/** The number in front of the key says what the record is; 0 and 1 are both committed offsets. */
export const OFFSET_COMMIT_KEY_TYPE = 1;

export const offsetCommitKey = new Schema(
  { name: 'OffsetCommitKey', versions: { min: 0, max: 1 }, flexibleFrom: NEVER_FLEXIBLE },
  { group: string(), topic: string(), partition: int32() },
);

/** Version 1 had an expiry, 3 adds the leader epoch, 4 is flexible and may tell the topic's id. Times are in ms. */
export const offsetCommitValue = new Schema(
  { name: 'OffsetCommitValue', versions: { min: 0, max: 4 }, flexibleFrom: 4 },
  {
    offset: int64(),
    leaderEpoch: int32({ since: 3, default: -1 }),
    metadata: string(),
    commitTimestamp: int64(),
    expireTimestamp: int64({ since: 1, until: 1, default: -1 }),
    topicId: uuid({ since: 4, tag: 0 }),
  },
);

export type OffsetCommitKey = Decoded<typeof offsetCommitKey.fields>;
export type OffsetCommitValue = Decoded<typeof offsetCommitValue.fields>;

/** Version 3 is what every broker since Kafka 2.1 reads. */
const WRITTEN_VERSION = 3;

export function encodeOffsetCommitKey(key: OffsetCommitKey): Uint8Array {
  return encodeVersioned(offsetCommitKey, OFFSET_COMMIT_KEY_TYPE, key);
}

export function encodeOffsetCommitValue(value: Encodable<typeof offsetCommitValue.fields>): Uint8Array {
  return encodeVersioned(offsetCommitValue, WRITTEN_VERSION, value);
}

/** Throws `WireError`. */
export function decodeOffsetCommitValue(bytes: Uint8Array): OffsetCommitValue {
  return decodeVersioned(offsetCommitValue, bytes);
}
