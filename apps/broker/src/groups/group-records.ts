/**
 * Group events as records of `__consumer_offsets` and back, in Apache Kafka's layouts (keys 1: offset, 2: group), so
 * that its tools can read our topic. A null value forgets the key. Values are written in version 3, which every tool
 * knows; versions 0 to 4 are read. Pure; the codec of the groups' event log.
 */
import {
  ByteReader,
  ByteWriter,
  type Decoded,
  type FieldMap,
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  type Schema,
  WireError,
} from '@tidemark/wire';
import type { EventBytes, EventCodec } from '../coordinators/event-records.js';
import type { GroupEvent, StoredGroup } from './group-events.js';

/** Of a key, the version says what the record is about. */
const OFFSET_KEY = offsetCommitKey.versions.max;
const GROUP_KEY = groupMetadataKey.versions.max;
const VALUE_VERSION = 3;

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
    offsetCommitKey.encode(OFFSET_KEY, writer, {
      group: event.groupId,
      topic: event.topic,
      partition: event.partition,
    });
  } else {
    writer.int16(GROUP_KEY);
    groupMetadataKey.encode(GROUP_KEY, writer, { group: event.groupId });
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
      offsetCommitValue.encode(VALUE_VERSION, writer, {
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
  groupMetadataValue.encode(VALUE_VERSION, writer, {
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
  if (offsetCommitKey.speaks(kind)) {
    const { group: groupId, topic, partition } = offsetCommitKey.decode(kind, reader);
    if (value === null) return { type: 'OffsetForgotten', groupId, topic, partition };
    const { offset, leaderEpoch, metadata, commitTimestamp } = decodeValue(offsetCommitValue, value);
    const committed = { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp };
    return { type: 'OffsetCommitted', groupId, topic, partition, ...committed };
  }
  if (!groupMetadataKey.speaks(kind)) return undefined;
  const { group: groupId } = groupMetadataKey.decode(kind, reader);
  return value === null
    ? { type: 'GroupForgotten', groupId }
    : { type: 'GroupStored', groupId, group: decodeGroup(value) };
}

function decodeGroup(value: Uint8Array): StoredGroup {
  const group = decodeValue(groupMetadataValue, value);
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

function decodeValue<F extends FieldMap>(schema: Schema<F>, value: Uint8Array): Decoded<F> {
  reader.reset(value);
  return schema.decode(reader.int16(), reader);
}
