/**
 * Controller events as records of the metadata log and back, in the layouts of Apache Kafka's metadata records, so
 * that its tools can show our log: a value is frame version 1, the record's type and its version (all unsigned
 * varints), then the record. The key is null. Pure; called by `metadata-log.ts`.
 */
import { ByteReader, ByteWriter, Schema, WireError, fields } from '@tidemark/wire';
import type { FieldMap } from '@tidemark/wire';
import type { BrokerRegistered, ControllerEvent, PartitionChanged } from './controller-events.js';

const { arrayOf, bool, int16, int32, int64, int8, nullableArrayOf, nullableString, string, uint16, uuid } =
  fields;

const FRAME_VERSION = 1;
const TOPIC_RESOURCE = 2;
/** Of `leader` in a change that leaves the leader as it is. */
const NO_LEADER_CHANGE = -2;

const record = <F extends FieldMap>(name: string, version: number, layout: F): Schema<F> =>
  new Schema({ name, versions: { min: version, max: version }, flexibleFrom: 0 }, layout);

const brokerIds = arrayOf(int32());

const SCHEMAS = {
  BrokerRegistered: {
    id: 0,
    version: 1,
    schema: record('RegisterBrokerRecord', 1, {
      brokerId: int32(),
      incarnationId: uuid(),
      brokerEpoch: int64(),
      endPoints: arrayOf({ name: string(), host: string(), port: uint16(), securityProtocol: int16() }),
      features: arrayOf({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() }),
      rack: nullableString(),
      fenced: bool(),
      inControlledShutdown: bool(),
    }),
  },
  TopicCreated: { id: 2, version: 0, schema: record('TopicRecord', 0, { name: string(), topicId: uuid() }) },
  PartitionCreated: {
    id: 3,
    version: 0,
    schema: record('PartitionRecord', 0, {
      partitionId: int32(),
      topicId: uuid(),
      replicas: brokerIds,
      isr: brokerIds,
      removingReplicas: brokerIds,
      addingReplicas: brokerIds,
      leader: int32(),
      leaderEpoch: int32(),
      partitionEpoch: int32(),
    }),
  },
  PartitionChanged: {
    id: 5,
    version: 0,
    schema: record('PartitionChangeRecord', 0, {
      partitionId: int32(),
      topicId: uuid(),
      isr: nullableArrayOf(int32(), { tag: 0 }),
      leader: int32({ tag: 1, default: NO_LEADER_CHANGE }),
    }),
  },
  TopicDeleted: { id: 9, version: 0, schema: record('RemoveTopicRecord', 0, { topicId: uuid() }) },
  ConfigChanged: {
    id: 4,
    version: 0,
    schema: record('ConfigRecord', 0, {
      resourceType: int8(),
      resourceName: string(),
      name: string(),
      value: nullableString(),
    }),
  },
  ProducerIdBlockAllocated: {
    id: 15,
    version: 0,
    schema: record('ProducerIdsRecord', 0, {
      brokerId: int32(),
      brokerEpoch: int64(),
      nextProducerId: int64(),
    }),
  },
} as const;

export function encodeControllerEvent(event: ControllerEvent): Uint8Array {
  const writer = new ByteWriter();
  const { id, version } = SCHEMAS[event.type];
  writer.unsignedVarint(FRAME_VERSION);
  writer.unsignedVarint(id);
  writer.unsignedVarint(version);
  encodeBody(event, writer);
  return writer.copy();
}

function encodeBody(event: ControllerEvent, writer: ByteWriter): void {
  switch (event.type) {
    case 'BrokerRegistered':
      encodeRegistration(event, writer);
      return;
    case 'TopicCreated':
      SCHEMAS.TopicCreated.schema.encode(0, writer, event);
      return;
    case 'PartitionCreated': {
      const { partition: partitionId, ...rest } = event;
      const moving = { removingReplicas: [], addingReplicas: [] };
      SCHEMAS.PartitionCreated.schema.encode(0, writer, { partitionId, ...moving, ...rest });
      return;
    }
    case 'PartitionChanged': {
      const { partition: partitionId, topicId, isr = null, leader = NO_LEADER_CHANGE } = event;
      SCHEMAS.PartitionChanged.schema.encode(0, writer, { partitionId, topicId, isr, leader });
      return;
    }
    case 'TopicDeleted':
      SCHEMAS.TopicDeleted.schema.encode(0, writer, event);
      return;
    case 'ConfigChanged': {
      const { topic: resourceName, name, value } = event;
      SCHEMAS.ConfigChanged.schema.encode(0, writer, {
        resourceType: TOPIC_RESOURCE,
        resourceName,
        name,
        value,
      });
      return;
    }
    case 'ProducerIdBlockAllocated':
      SCHEMAS.ProducerIdBlockAllocated.schema.encode(0, writer, { brokerEpoch: -1, ...event });
      return;
  }
}

function encodeRegistration(event: BrokerRegistered, writer: ByteWriter): void {
  const { brokerId, incarnationId, host, port, rack } = event;
  SCHEMAS.BrokerRegistered.schema.encode(1, writer, {
    brokerId,
    incarnationId,
    // The epoch is the record's own offset, which is not known before it is appended.
    brokerEpoch: -1,
    endPoints: [{ name: 'PLAINTEXT', host, port, securityProtocol: 0 }],
    features: [],
    rack,
    fenced: false,
    inControlledShutdown: false,
  });
}

/** Throws `WireError` when the value is no metadata record that this broker knows. */
export function decodeControllerEvent(value: Uint8Array): ControllerEvent {
  const reader = new ByteReader(value);
  if (reader.unsignedVarint() !== FRAME_VERSION)
    throw new WireError('metadata record of an unknown frame version');
  const id = reader.unsignedVarint();
  const version = reader.unsignedVarint();
  switch (id) {
    case SCHEMAS.BrokerRegistered.id: {
      const { brokerId, incarnationId, endPoints, rack } = SCHEMAS.BrokerRegistered.schema.decode(
        version,
        reader,
      );
      const { host, port } = endPoints[0] ?? { host: '', port: 0 };
      return { type: 'BrokerRegistered', brokerId, incarnationId, host, port, rack };
    }
    case SCHEMAS.TopicCreated.id:
      return { type: 'TopicCreated', ...SCHEMAS.TopicCreated.schema.decode(version, reader) };
    case SCHEMAS.PartitionCreated.id: {
      const body = SCHEMAS.PartitionCreated.schema.decode(version, reader);
      const { partitionId: partition, topicId, replicas, isr, leader, leaderEpoch, partitionEpoch } = body;
      return {
        type: 'PartitionCreated',
        topicId,
        partition,
        replicas,
        isr,
        leader,
        leaderEpoch,
        partitionEpoch,
      };
    }
    case SCHEMAS.PartitionChanged.id:
      return decodeChange(version, reader);
    case SCHEMAS.TopicDeleted.id:
      return { type: 'TopicDeleted', topicId: SCHEMAS.TopicDeleted.schema.decode(version, reader).topicId };
    case SCHEMAS.ConfigChanged.id: {
      const {
        resourceType,
        resourceName: topic,
        name,
        value,
      } = SCHEMAS.ConfigChanged.schema.decode(version, reader);
      if (resourceType !== TOPIC_RESOURCE)
        throw new WireError(`configuration of an unknown kind: ${resourceType}`);
      return { type: 'ConfigChanged', topic, name, value };
    }
    case SCHEMAS.ProducerIdBlockAllocated.id: {
      const { brokerId, nextProducerId } = SCHEMAS.ProducerIdBlockAllocated.schema.decode(version, reader);
      return { type: 'ProducerIdBlockAllocated', brokerId, nextProducerId };
    }
    default:
      throw new WireError(`metadata record of an unknown type: ${id}`);
  }
}

function decodeChange(version: number, reader: ByteReader): PartitionChanged {
  const { partitionId, topicId, isr, leader } = SCHEMAS.PartitionChanged.schema.decode(version, reader);
  return {
    type: 'PartitionChanged',
    topicId,
    partition: partitionId,
    ...(leader === NO_LEADER_CHANGE ? {} : { leader }),
    ...(isr === null ? {} : { isr }),
  };
}
