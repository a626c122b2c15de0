/**
 * A classic group's last complete generation as a record of `__consumer_offsets`: who was a member with which
 * subscription and assignment; a null value forgets the group. Kafka's own layout. Written by the group coordinator
 * when a generation is complete, read at its replay.
 */
import type { Decoded, Encodable } from '../schema/field.js';
import { arrayOf, bytes, int32, int64, nullableString, string } from '../schema/fields.js';
import { NEVER_FLEXIBLE, Schema } from '../schema/schema.js';
import { decodeVersioned, encodeVersioned } from '../schema/versioned.js';

export const GROUP_METADATA_KEY_TYPE = 2;

export const groupMetadataKey = new Schema(
  {
    name: 'GroupMetadataKey',
    versions: { min: GROUP_METADATA_KEY_TYPE, max: GROUP_METADATA_KEY_TYPE },
    flexibleFrom: NEVER_FLEXIBLE,
  },
  { group: string() },
);

/** Version 1 adds the rebalance timeout, 2 the time of the last change, 3 static members, 4 is flexible. Times in ms. */
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

export type GroupMetadataKey = Decoded<typeof groupMetadataKey.fields>;
export type GroupMetadataValue = Decoded<typeof groupMetadataValue.fields>;

/** Version 3 is what every broker since Kafka 2.3 reads. */
const WRITTEN_VERSION = 3;

export function encodeGroupMetadataKey(key: GroupMetadataKey): Uint8Array {
  return encodeVersioned(groupMetadataKey, GROUP_METADATA_KEY_TYPE, key);
}

export function encodeGroupMetadataValue(value: Encodable<typeof groupMetadataValue.fields>): Uint8Array {
  return encodeVersioned(groupMetadataValue, WRITTEN_VERSION, value);
}

/** Throws `WireError`. */
export function decodeGroupMetadataValue(bytes: Uint8Array): GroupMetadataValue {
  return decodeVersioned(groupMetadataValue, bytes);
}
