/**
 * Keys and values of `__consumer_offsets` in Apache Kafka's own layouts, so that its tools decode our topic: what a
 * group has committed, and a classic group's last complete generation. A key's version says what the record is about;
 * each value carries its own in front, two bytes; a null value forgets the key. Written by the group coordinator, and
 * read when it replays. Times are in ms. Source: Kafka's `OffsetCommitKey`, `OffsetCommitValue`, `GroupMetadataKey`,
 * `GroupMetadataValue`.
 */
import { arrayOf, bytes, int32, int64, nullableString, string, uuid } from './schema/fields.js';
import { NEVER_FLEXIBLE, Schema } from './schema/schema.js';

/** Version 0 was an older name of the same layout. */
export const offsetCommitKey = new Schema(
  { name: 'OffsetCommitKey', versions: { min: 0, max: 1 }, flexibleFrom: NEVER_FLEXIBLE },
  { group: string(), topic: string(), partition: int32() },
);

/** Version 1 had an expiry, 3 adds the leader epoch, 4 is flexible and may tell the topic's id. */
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

export const groupMetadataKey = new Schema(
  { name: 'GroupMetadataKey', versions: { min: 2, max: 2 }, flexibleFrom: NEVER_FLEXIBLE },
  { group: string() },
);

/** Version 1 adds the rebalance timeout, 2 the time of the last change, 3 static members, 4 is flexible. */
export const groupMetadataValue = new Schema(
  { name: 'GroupMetadataValue', versions: { min: 0, max: 4 }, flexibleFrom: 4 },
  {
    protocolType: string(),
    generation: int32(),
    protocol: nullableString(),
    leader: nullableString(),
    currentStateTimestamp: int64({ since: 2, default: -1 }),
    members: arrayOf({
      memberId: string(),
      groupInstanceId: nullableString({ since: 3, default: null }),
      clientId: string(),
      clientHost: string(),
      rebalanceTimeout: int32({ since: 1, default: -1 }),
      sessionTimeout: int32(),
      subscription: bytes(),
      assignment: bytes(),
    }),
  },
);
