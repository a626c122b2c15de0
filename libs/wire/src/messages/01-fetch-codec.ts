/**
 * The hand-written half of Fetch: the broker's side, which runs for every poll of every consumer. Must read and write
 * exactly what the schema in `01-fetch.ts` does; `hot-codecs.spec.ts` holds the two together in every version. Record
 * batches go into the answer as they are, by reference where the writer allows it.
 */
import type { ByteReader } from '../bytes/reader.js';
import { unexpectedNull } from '../bytes/reader.js';
import { setInt64 } from '../bytes/int64.js';
import { ZERO_UUID } from '../bytes/uuid.js';
import type { ByteWriter } from '../bytes/writer.js';
import type { FetchRequest, FetchResponse } from './01-fetch.js';
import { writeFetchEndpoints, writePartitionTags } from './01-fetch-tags.js';

type Topic = FetchRequest['topics'][number];
type Partition = Topic['partitions'][number];
type Forgotten = FetchRequest['forgottenTopicsData'][number];
type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

const FLEXIBLE_FROM = 12;
const TOPIC_IDS_FROM = 13;
const SESSIONS_FROM = 7;
/** The largest 64-bit integer: a follower that does not tell its high watermark. */
const UNKNOWN_HIGH_WATERMARK = 2 ** 63;

/** Throws `WireError`. */
export function decodeFetchRequest(version: number, reader: ByteReader): FetchRequest {
  const flexible = version >= FLEXIBLE_FROM;
  const request: FetchRequest = {
    clusterId: null,
    replicaId: version <= 14 ? reader.int32() : -1,
    replicaState: { replicaId: -1, replicaEpoch: -1 },
    maxWaitMs: reader.int32(),
    minBytes: reader.int32(),
    maxBytes: reader.int32(),
    isolationLevel: reader.int8(),
    sessionId: version >= SESSIONS_FROM ? reader.int32() : 0,
    sessionEpoch: version >= SESSIONS_FROM ? reader.int32() : -1,
    topics: readTopics(version, reader),
    forgottenTopicsData: version >= SESSIONS_FROM ? readForgotten(version, reader) : [],
    rackId: version < 11 ? '' : flexible ? reader.compactString() : reader.string(),
  };
  if (flexible) readRequestTags(version, reader, request);
  return request;
}

function readRequestTags(version: number, reader: ByteReader, request: FetchRequest): void {
  for (let left = reader.unsignedVarint(); left > 0; left -= 1) {
    const tag = reader.unsignedVarint();
    const end = reader.endOfTaggedField(reader.unsignedVarint());
    if (tag === 0) {
      request.clusterId = reader.compactNullableString();
      reader.expectPosition(end);
    } else if (tag === 1 && version >= 15) {
      request.replicaState = { replicaId: reader.int32(), replicaEpoch: reader.int64() };
      reader.skipTaggedFields();
      reader.expectPosition(end);
    } else {
      reader.position = end;
    }
  }
}

function readTopics(version: number, reader: ByteReader): Topic[] {
  const flexible = version >= FLEXIBLE_FROM;
  const topics: Topic[] = [];
  for (let left = countOf(reader, flexible, 3); left > 0; left -= 1) {
    const topicId = version >= TOPIC_IDS_FROM ? reader.uuid() : ZERO_UUID;
    const topic = readTopicName(version, reader);
    const partitions: Partition[] = [];
    for (let count = countOf(reader, flexible, 16); count > 0; count -= 1) {
      partitions.push(readPartition(version, reader));
    }
    if (flexible) reader.skipTaggedFields();
    topics.push({ topic, topicId, partitions });
  }
  return topics;
}

function readTopicName(version: number, reader: ByteReader): string {
  if (version >= TOPIC_IDS_FROM) return '';
  return version >= FLEXIBLE_FROM ? reader.compactString() : reader.string();
}

function readPartition(version: number, reader: ByteReader): Partition {
  const partition: Partition = {
    partition: reader.int32(),
    currentLeaderEpoch: version >= 9 ? reader.int32() : -1,
    fetchOffset: reader.int64(),
    lastFetchedEpoch: version >= FLEXIBLE_FROM ? reader.int32() : -1,
    logStartOffset: version >= 5 ? reader.int64() : -1,
    partitionMaxBytes: reader.int32(),
    replicaDirectoryId: ZERO_UUID,
    highWatermark: UNKNOWN_HIGH_WATERMARK,
  };
  if (version < FLEXIBLE_FROM) return partition;
  for (let left = reader.unsignedVarint(); left > 0; left -= 1) {
    const tag = reader.unsignedVarint();
    const end = reader.endOfTaggedField(reader.unsignedVarint());
    if (tag === 0 && version >= 17) partition.replicaDirectoryId = reader.uuid();
    else if (tag === 1 && version >= 18) partition.highWatermark = reader.int64();
    else reader.position = end;
    reader.expectPosition(end);
  }
  return partition;
}

function readForgotten(version: number, reader: ByteReader): Forgotten[] {
  const flexible = version >= FLEXIBLE_FROM;
  const forgotten: Forgotten[] = [];
  for (let left = countOf(reader, flexible, 3); left > 0; left -= 1) {
    const topicId = version >= TOPIC_IDS_FROM ? reader.uuid() : ZERO_UUID;
    const topic = readTopicName(version, reader);
    const partitions: number[] = [];
    for (let count = countOf(reader, flexible, 4); count > 0; count -= 1) partitions.push(reader.int32());
    if (flexible) reader.skipTaggedFields();
    forgotten.push({ topic, topicId, partitions });
  }
  return forgotten;
}

function countOf(reader: ByteReader, flexible: boolean, bytesMin: number): number {
  const count = flexible ? reader.compactArrayLength(bytesMin) : reader.arrayLength(bytesMin);
  return count < 0 ? unexpectedNull() : count;
}

/** `records` of null are written as null: give empty ones, which every client can read. */
export function encodeFetchResponse(version: number, writer: ByteWriter, message: FetchResponse): void {
  const flexible = version >= FLEXIBLE_FROM;
  writer.int32(message.throttleTimeMs ?? 0);
  if (version >= SESSIONS_FROM) {
    writer.int16(message.errorCode ?? 0);
    writer.int32(message.sessionId ?? 0);
  }
  writeCount(writer, flexible, message.responses.length);
  for (const topic of message.responses) {
    if (version >= TOPIC_IDS_FROM) writer.uuid(topic.topicId ?? ZERO_UUID);
    else if (flexible) writer.compactString(topic.topic ?? '');
    else writer.string(topic.topic ?? '');
    writeCount(writer, flexible, topic.partitions.length);
    for (const partition of topic.partitions) writePartition(version, writer, partition);
    if (flexible) writer.unsignedVarint(0);
  }
  if (flexible) writeFetchEndpoints(version, writer, message);
}

function writePartition(version: number, writer: ByteWriter, partition: PartitionAnswer): void {
  const flexible = version >= FLEXIBLE_FROM;
  const at = writer.reserve(version >= 5 ? 30 : 22);
  const view = writer.view;
  view.setInt32(at, partition.partitionIndex);
  view.setInt16(at + 4, partition.errorCode);
  setInt64(view, at + 6, partition.highWatermark);
  setInt64(view, at + 14, partition.lastStableOffset ?? -1);
  if (version >= 5) setInt64(view, at + 22, partition.logStartOffset ?? -1);
  const aborted = partition.abortedTransactions ?? null;
  writeCount(writer, flexible, aborted === null ? -1 : aborted.length);
  if (aborted !== null) {
    for (const { producerId, firstOffset } of aborted) {
      writer.int64(producerId);
      writer.int64(firstOffset);
      if (flexible) writer.unsignedVarint(0);
    }
  }
  if (version >= 11) writer.int32(partition.preferredReadReplica ?? -1);
  if (flexible) {
    writer.compactRecords(partition.records);
    writePartitionTags(writer, partition);
  } else {
    writer.records(partition.records);
  }
}

function writeCount(writer: ByteWriter, flexible: boolean, count: number): void {
  if (flexible) writer.compactArrayLength(count);
  else writer.arrayLength(count);
}
