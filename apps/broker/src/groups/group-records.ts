/**
 * Group events as records of `__consumer_offsets` and back, in Apache Kafka's layouts (keys 1: offset, 2: group), so
 * that its tools can read our topic. A null value forgets the key. Values are written in version 3, which every tool
 * knows; versions 0 to 4 are read. Pure; the codec of the groups' event log.
 */
import { ByteReader, ByteWriter, NEVER_FLEXIBLE, Schema, WireError, fields } from '@tidemark/wire';
import type { EventBytes, EventCodec } from '../coordinators/event-records.js';
import type { GroupEvent, StoredGroup } from './group-events.js';

const { arrayOf, bytes, int32, int64, nullableString, string, uuid } = fields;

/** Key version 0 was an older layout of the same key as 1. */
const OFFSET_KEYS = [0, 1];
const OFFSET_KEY = 1;
const GROUP_KEY = 2;
const VALUE_VERSION = 3;

const KEY_VERSION = { min: 0, max: 0 };
const VALUE_VERSIONS = { min: 0, max: 4 };

const offsetKey = new Schema(
  { name: 'OffsetCommitKey', versions: KEY_VERSION, flexibleFrom: NEVER_FLEXIBLE },
  { group: string(), topic: string(), partition: int32() },
);

const offsetValue = new Schema(
  { name: 'OffsetCommitValue', versions: VALUE_VERSIONS, flexibleFrom: 4 },
  {
    offset: int64(),
    leaderEpoch: int32({ since: 3, default: -1 }),
    metadata: string(),
    commitTimestamp: int64(),
    expireTimestamp: int64({ since: 1, until: 1, default: -1 }),
    topicId: uuid({ since: 4, tag: 0 }),
  },
);

const groupKey = new Schema(
  { name: 'GroupMetadataKey', versions: KEY_VERSION, flexibleFrom: NEVER_FLEXIBLE },
  { group: string() },
);

const groupValue = new Schema(
  { name: 'GroupMetadataValue', versions: VALUE_VERSIONS, flexibleFrom: 4 },
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

/** Used again for each record: replaying a long topic is mostly this file, and never two records at a time. */
const reader = new ByteReader(new Uint8Array());
const writer = new ByteWriter({ initialBytes: 512 });

export const groupEventCodec: EventCodec<GroupEvent> = { encode: encodeGroupEvent, decode: decodeGroupEvent };

export function encodeGroupEvent(event: GroupEvent): EventBytes {
  return { key: encodeKey(event), value: encodeValue(event) };
}

function encodeKey(event: GroupEvent): Uint8Array {
  writer.reset();
  if ('topic' in event) {
    writer.int16(OFFSET_KEY);
    offsetKey.encode(0, writer, { group: event.groupId, topic: event.topic, partition: event.partition });
  } else {
    writer.int16(GROUP_KEY);
    groupKey.encode(0, writer, { group: event.groupId });
  }
  return writer.copy();
}

function encodeValue(event: GroupEvent): Uint8Array | null {
  writer.reset();
  switch (event.type) {
    case 'OffsetForgotten':
    case 'GroupForgotten':
      return null;
    case 'OffsetCommitted':
      writer.int16(VALUE_VERSION);
      offsetValue.encode(VALUE_VERSION, writer, {
        offset: event.offset,
        leaderEpoch: event.leaderEpoch,
        metadata: event.metadata,
        commitTimestamp: event.commitTimestampMs,
      });
      return writer.copy();
    case 'GroupStored':
      writer.int16(VALUE_VERSION);
      encodeGroup(event.group);
      return writer.copy();
  }
}

function encodeGroup(group: StoredGroup): void {
  groupValue.encode(VALUE_VERSION, writer, {
    protocolType: group.protocolType,
    generation: group.generation,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateSinceMs,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.subscription,
      assignment: member.assignment,
    })),
  });
}

/** Keys of other coordinators (newer group types, share groups) are passed over, as Kafka asks of old brokers. */
export function decodeGroupEvent({ key, value }: EventBytes): GroupEvent | undefined {
  if (key === null) throw new WireError('a coordinator record has a key');
  reader.reset(key);
  const kind = reader.int16();
  if (OFFSET_KEYS.includes(kind)) {
    const { group: groupId, topic, partition } = offsetKey.decode(0, reader);
    if (value === null) return { type: 'OffsetForgotten', groupId, topic, partition };
    const { offset, leaderEpoch, metadata, commitTimestamp } = decodeVersioned(offsetValue, value);
    const committed = { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp };
    return { type: 'OffsetCommitted', groupId, topic, partition, ...committed };
  }
  if (kind !== GROUP_KEY) return undefined;
  const { group: groupId } = groupKey.decode(0, reader);
  return value === null
    ? { type: 'GroupForgotten', groupId }
    : { type: 'GroupStored', groupId, group: decodeGroup(value) };
}

function decodeGroup(value: Uint8Array): StoredGroup {
  const group = decodeVersioned(groupValue, value);
  return {
    protocolType: group.protocolType,
    generation: group.generation,
    protocolName: group.protocol,
    leaderId: group.leader,
    stateSinceMs: group.currentStateTimestamp,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      // Version 0 had one timeout for both.
      rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      subscription: member.subscription,
      assignment: member.assignment,
    })),
  };
}

function decodeVersioned<T>(
  schema: {
    readonly name: string;
    speaks(version: number): boolean;
    decode(version: number, reader: ByteReader): T;
  },
  value: Uint8Array,
): T {
  reader.reset(value);
  const version = reader.int16();
  if (!schema.speaks(version)) throw new WireError(`${schema.name} has no version ${version}`);
  return schema.decode(version, reader);
}
