/**
 * The hand-written half of Produce: the broker's side, which runs for every batch of every producer. Must read and
 * write exactly what the schema in `00-produce.ts` does; `hot-codecs.spec.ts` holds the two together in every version.
 * The answer reserves the room of a whole partition at once instead of asking for it field by field.
 */
import type { ByteReader } from '../bytes/reader.js';
import { unexpectedNull } from '../bytes/reader.js';
import { setInt64 } from '../bytes/int64.js';
import { ZERO_UUID } from '../bytes/uuid.js';
import type { ByteWriter } from '../bytes/writer.js';
import type { ProduceRequest, ProduceResponse } from './00-produce.js';

type Topic = ProduceRequest['topicData'][number];
type Partition = Topic['partitionData'][number];
type TopicAnswer = ProduceResponse['responses'][number];
type PartitionAnswer = TopicAnswer['partitionResponses'][number];

const FLEXIBLE_FROM = 9;
const TOPIC_IDS_FROM = 13;
const LEADERS_FROM = 10;

/** `records` are views into the reader's source. Throws `WireError`. */
export function decodeProduceRequest(version: number, reader: ByteReader): ProduceRequest {
  const flexible = version >= FLEXIBLE_FROM;
  const transactionalId = flexible ? reader.compactNullableString() : reader.nullableString();
  const acks = reader.int16();
  const timeoutMs = reader.int32();
  const count = countOf(reader, flexible, 3);
  // An array that begins with an element is made to measure; one that begins empty gets room for seventeen.
  const topicData = count === 0 ? [] : [readTopic(version, reader)];
  for (let left = count - 1; left > 0; left -= 1) topicData.push(readTopic(version, reader));
  if (flexible) reader.skipTaggedFields();
  return { transactionalId, acks, timeoutMs, topicData };
}

function readTopic(version: number, reader: ByteReader): Topic {
  const flexible = version >= FLEXIBLE_FROM;
  const byId = version >= TOPIC_IDS_FROM;
  const topicId = byId ? reader.uuid() : ZERO_UUID;
  const name = byId ? '' : flexible ? reader.compactString() : reader.string();
  const count = countOf(reader, flexible, 5);
  const partitionData = count === 0 ? [] : [readPartition(flexible, reader)];
  for (let left = count - 1; left > 0; left -= 1) partitionData.push(readPartition(flexible, reader));
  if (flexible) reader.skipTaggedFields();
  return { name, topicId, partitionData };
}

function readPartition(flexible: boolean, reader: ByteReader): Partition {
  const index = reader.int32();
  const records = flexible ? reader.compactRecords() : reader.records();
  if (flexible) reader.skipTaggedFields();
  return { index, records };
}

function countOf(reader: ByteReader, flexible: boolean, bytesMin: number): number {
  const count = flexible ? reader.compactArrayLength(bytesMin) : reader.arrayLength(bytesMin);
  return count < 0 ? unexpectedNull() : count;
}

export function encodeProduceResponse(version: number, writer: ByteWriter, message: ProduceResponse): void {
  const flexible = version >= FLEXIBLE_FROM;
  writeCount(writer, flexible, message.responses.length);
  for (const topic of message.responses) {
    if (version >= TOPIC_IDS_FROM) writer.uuid(topic.topicId ?? ZERO_UUID);
    else if (flexible) writer.compactString(topic.name ?? '');
    else writer.string(topic.name ?? '');
    writeCount(writer, flexible, topic.partitionResponses.length);
    for (const partition of topic.partitionResponses) writePartition(version, writer, partition);
    if (flexible) writer.unsignedVarint(0);
  }
  writer.int32(message.throttleTimeMs ?? 0);
  if (flexible) writeEndpoints(version, writer, message);
}

function writeCount(writer: ByteWriter, flexible: boolean, count: number): void {
  if (flexible) writer.compactArrayLength(count);
  else writer.arrayLength(count);
}

function writePartition(version: number, writer: ByteWriter, partition: PartitionAnswer): void {
  const at = writer.reserve(version >= 5 ? 30 : 22);
  const view = writer.view;
  view.setInt32(at, partition.index);
  view.setInt16(at + 4, partition.errorCode);
  setInt64(view, at + 6, partition.baseOffset);
  setInt64(view, at + 14, partition.logAppendTimeMs ?? -1);
  if (version >= 5) setInt64(view, at + 22, partition.logStartOffset ?? -1);
  if (version >= 8) writeRecordErrors(version >= FLEXIBLE_FROM, writer, partition);
  if (version >= FLEXIBLE_FROM) writeLeader(version, writer, partition.currentLeader);
}

function writeRecordErrors(flexible: boolean, writer: ByteWriter, partition: PartitionAnswer): void {
  const errors = partition.recordErrors;
  writeCount(writer, flexible, errors?.length ?? 0);
  if (errors !== undefined) {
    for (const { batchIndex, batchIndexErrorMessage = null } of errors) {
      writer.int32(batchIndex);
      writeNullable(writer, flexible, batchIndexErrorMessage);
      if (flexible) writer.unsignedVarint(0);
    }
  }
  writeNullable(writer, flexible, partition.errorMessage ?? null);
}

function writeNullable(writer: ByteWriter, flexible: boolean, value: string | null): void {
  if (flexible) writer.compactNullableString(value);
  else writer.nullableString(value);
}

/** The partition's tagged section: the leader, when one was named. */
function writeLeader(version: number, writer: ByteWriter, leader: PartitionAnswer['currentLeader']): void {
  const leaderId = leader?.leaderId ?? -1;
  const leaderEpoch = leader?.leaderEpoch ?? -1;
  if (version < LEADERS_FROM || (leaderId === -1 && leaderEpoch === -1)) {
    writer.unsignedVarint(0);
    return;
  }
  writer.unsignedVarint(1);
  writer.unsignedVarint(0);
  const start = writer.position;
  writer.int32(leaderId);
  writer.int32(leaderEpoch);
  writer.unsignedVarint(0);
  writer.endSized(start);
}

/** The message's tagged section: where the leaders named are to be found. */
function writeEndpoints(version: number, writer: ByteWriter, message: ProduceResponse): void {
  const endpoints = message.nodeEndpoints;
  if (version < LEADERS_FROM || endpoints === undefined || endpoints.length === 0) {
    writer.unsignedVarint(0);
    return;
  }
  writer.unsignedVarint(1);
  writer.unsignedVarint(0);
  const start = writer.position;
  writer.compactArrayLength(endpoints.length);
  for (const { nodeId, host, port, rack = null } of endpoints) {
    writer.int32(nodeId);
    writer.compactString(host);
    writer.int32(port);
    writer.compactNullableString(rack);
    writer.unsignedVarint(0);
  }
  writer.endSized(start);
}
