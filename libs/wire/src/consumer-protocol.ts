/**
 * What the clients of a consumer group tell each other through the coordinator, which does not look into it: each
 * member's subscription (in JoinGroup) and the leader's assignment (in SyncGroup). Read by those who describe groups,
 * and written by assignors. Versions only ever add fields at the end, so a newer one is read as the newest known.
 */
import type { Decoded, Encodable } from './schema/field.js';
import { arrayOf, int32, nullableBytes, nullableString, string } from './schema/fields.js';
import { NEVER_FLEXIBLE, Schema } from './schema/schema.js';
import { decodeVersionedOrNewer, encodeVersioned } from './schema/versioned.js';

const versions = { min: 0, max: 3 };

/** Version 1 adds the partitions owned, 2 the generation in which they were, 3 the rack. */
export const consumerProtocolSubscription = new Schema(
  { name: 'ConsumerProtocolSubscription', versions, flexibleFrom: NEVER_FLEXIBLE },
  {
    topics: arrayOf(string()),
    userData: nullableBytes({ default: null }),
    ownedPartitions: arrayOf({ topic: string(), partitions: arrayOf(int32()) }, { since: 1 }),
    generationId: int32({ since: 2, default: -1 }),
    rackId: nullableString({ since: 3, default: null }),
  },
);

export const consumerProtocolAssignment = new Schema(
  { name: 'ConsumerProtocolAssignment', versions, flexibleFrom: NEVER_FLEXIBLE },
  {
    assignedPartitions: arrayOf({ topic: string(), partitions: arrayOf(int32()) }),
    userData: nullableBytes({ default: null }),
  },
);

export type Subscription = Decoded<typeof consumerProtocolSubscription.fields>;
export type Assignment = Decoded<typeof consumerProtocolAssignment.fields>;

/** Throws `WireError` when a client wrote something else; a describer shows the bytes then. */
export function decodeSubscription(bytes: Uint8Array): Subscription & { version: number } {
  return decodeVersionedOrNewer(consumerProtocolSubscription, bytes);
}

export function encodeSubscription(
  value: Encodable<typeof consumerProtocolSubscription.fields>,
  version = versions.max,
): Uint8Array {
  return encodeVersioned(consumerProtocolSubscription, version, value);
}

/** Throws `WireError` like `decodeSubscription`; an empty assignment (no bytes) is no partitions. */
export function decodeAssignment(bytes: Uint8Array): Assignment & { version: number } {
  if (bytes.length === 0) return { version: 0, assignedPartitions: [], userData: null };
  return decodeVersionedOrNewer(consumerProtocolAssignment, bytes);
}

export function encodeAssignment(
  value: Encodable<typeof consumerProtocolAssignment.fields>,
  version = versions.max,
): Uint8Array {
  return encodeVersioned(consumerProtocolAssignment, version, value);
}
