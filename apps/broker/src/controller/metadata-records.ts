/**
 * Controller events as records of the metadata log and back, in the layouts of Apache Kafka's metadata records
 * (`metadata-record-layouts.ts`), so that its tools can show our log: a value is frame version 1, the record's type and
 * its version (all unsigned varints), then the record. The key is null. Pure; called by whoever writes and reads the
 * metadata log and its snapshots.
 */
import { ByteReader, ByteWriter, WireError, ZERO_UUID } from '@tidemark/wire';
import type {
  BrokerRegistered,
  ControllerEvent,
  LoggedControllerEvent,
  PartitionChanged,
  PartitionCreated,
} from './controller-events.js';
import { LAYOUTS, NO_LEADER_CHANGE, NO_RECOVERY_CHANGE } from './metadata-record-layouts.js';

const FRAME_VERSION = 1;
const TOPIC_RESOURCE = 2;
/** The epoch is the record's own offset, which is not known before it is appended; a snapshot says it. */
const OWN_OFFSET = -1;
const BEGAN = 1;

export function encodeControllerEvent(event: ControllerEvent): Uint8Array {
  if (event.type === 'SnapshotBegan') throw new WireError('the beginning of a snapshot is no record');
  const writer = new ByteWriter();
  const { id, version } = LAYOUTS[event.type];
  writer.unsignedVarint(FRAME_VERSION);
  writer.unsignedVarint(id);
  writer.unsignedVarint(version);
  encodeBody(event, version, writer);
  return writer.copy();
}

function encodeBody(event: LoggedControllerEvent, version: number, writer: ByteWriter): void {
  switch (event.type) {
    case 'BrokerRegistered':
      encodeRegistration(event, version, writer);
      return;
    case 'BrokerFenced':
    case 'BrokerUnfenced':
      LAYOUTS[event.type].schema.encode(version, writer, { id: event.brokerId, epoch: event.epoch });
      return;
    case 'BrokerShutdownBegan': {
      const { brokerId, epoch: brokerEpoch } = event;
      const change = { brokerId, brokerEpoch, inControlledShutdown: BEGAN };
      LAYOUTS.BrokerShutdownBegan.schema.encode(version, writer, change);
      return;
    }
    case 'BrokerUnregistered': {
      const { brokerId, epoch: brokerEpoch } = event;
      LAYOUTS.BrokerUnregistered.schema.encode(version, writer, { brokerId, brokerEpoch });
      return;
    }
    case 'TopicCreated':
      LAYOUTS.TopicCreated.schema.encode(version, writer, event);
      return;
    case 'PartitionCreated':
      encodePartition(event, version, writer);
      return;
    case 'PartitionChanged':
      encodeChange(event, version, writer);
      return;
    case 'TopicDeleted':
      LAYOUTS.TopicDeleted.schema.encode(version, writer, event);
      return;
    case 'ConfigChanged': {
      const { topic: resourceName, name, value } = event;
      const record = { resourceType: TOPIC_RESOURCE, resourceName, name, value };
      LAYOUTS.ConfigChanged.schema.encode(version, writer, record);
      return;
    }
    case 'ProducerIdBlockAllocated':
      LAYOUTS.ProducerIdBlockAllocated.schema.encode(version, writer, { brokerEpoch: -1, ...event });
      return;
  }
}

function encodeRegistration(event: BrokerRegistered, version: number, writer: ByteWriter): void {
  const { brokerId, incarnationId, host, port, rack, fenced, directoryId, past } = event;
  LAYOUTS.BrokerRegistered.schema.encode(version, writer, {
    brokerId,
    incarnationId,
    brokerEpoch: past?.epoch ?? OWN_OFFSET,
    endPoints: [{ name: 'PLAINTEXT', host, port, securityProtocol: 0 }],
    features: [],
    rack,
    fenced,
    inControlledShutdown: past?.inControlledShutdown ?? false,
    logDirs: directoryId === '' ? [] : [directoryId],
    directorySince: past?.directorySince ?? OWN_OFFSET,
  });
}

function encodePartition(event: PartitionCreated, version: number, writer: ByteWriter): void {
  const { partition: partitionId, past, ...rest } = event;
  LAYOUTS.PartitionCreated.schema.encode(version, writer, {
    partitionId,
    ...rest,
    directories: [],
    addingReplicas: past?.adding ?? [],
    removingReplicas: past?.removing ?? [],
    leaderRecoveryState: past?.recovering === true ? 1 : 0,
    eligibleLeaderReplicas: past?.elr ?? null,
    lastKnownElr: past?.lastKnownElr ?? null,
    replicaSince: past?.replicaSince ?? [],
    wantedReplicas: past === undefined || past.wanted.length === 0 ? null : past.wanted,
  });
}

function encodeChange(event: PartitionChanged, version: number, writer: ByteWriter): void {
  const { partition: partitionId, topicId, isr = null, leader = NO_LEADER_CHANGE, recovering } = event;
  LAYOUTS.PartitionChanged.schema.encode(version, writer, {
    partitionId,
    topicId,
    isr,
    leader,
    replicas: event.replicas ?? null,
    removingReplicas: event.removing ?? null,
    addingReplicas: event.adding ?? null,
    leaderRecoveryState: recovering === undefined ? NO_RECOVERY_CHANGE : Number(recovering),
    eligibleLeaderReplicas: event.elr ?? null,
    lastKnownElr: event.lastKnownElr ?? null,
    wantedReplicas: event.wanted ?? null,
  });
}

/** Throws `WireError` when the value is no metadata record that this broker knows. */
export function decodeControllerEvent(value: Uint8Array): LoggedControllerEvent {
  const reader = new ByteReader(value);
  if (reader.unsignedVarint() !== FRAME_VERSION)
    throw new WireError('metadata record of an unknown frame version');
  const id = reader.unsignedVarint();
  const version = reader.unsignedVarint();
  return decodeBody(id, version, reader);
}

function decodeBody(id: number, version: number, reader: ByteReader): LoggedControllerEvent {
  switch (id) {
    case LAYOUTS.BrokerRegistered.id:
      return decodeRegistration(version, reader);
    case LAYOUTS.BrokerFenced.id: {
      const { id: brokerId, epoch } = LAYOUTS.BrokerFenced.schema.decode(version, reader);
      return { type: 'BrokerFenced', brokerId, epoch };
    }
    case LAYOUTS.BrokerUnfenced.id: {
      const { id: brokerId, epoch } = LAYOUTS.BrokerUnfenced.schema.decode(version, reader);
      return { type: 'BrokerUnfenced', brokerId, epoch };
    }
    case LAYOUTS.BrokerShutdownBegan.id: {
      const change = LAYOUTS.BrokerShutdownBegan.schema.decode(version, reader);
      if (change.inControlledShutdown !== BEGAN || change.fenced !== 0)
        throw new WireError('change of a broker registration that is no beginning shutdown');
      return { type: 'BrokerShutdownBegan', brokerId: change.brokerId, epoch: change.brokerEpoch };
    }
    case LAYOUTS.BrokerUnregistered.id: {
      const { brokerId, brokerEpoch } = LAYOUTS.BrokerUnregistered.schema.decode(version, reader);
      return { type: 'BrokerUnregistered', brokerId, epoch: brokerEpoch };
    }
    case LAYOUTS.TopicCreated.id:
      return { type: 'TopicCreated', ...LAYOUTS.TopicCreated.schema.decode(version, reader) };
    case LAYOUTS.PartitionCreated.id:
      return decodePartition(version, reader);
    case LAYOUTS.PartitionChanged.id:
      return decodeChange(version, reader);
    case LAYOUTS.TopicDeleted.id:
      return { type: 'TopicDeleted', topicId: LAYOUTS.TopicDeleted.schema.decode(version, reader).topicId };
    case LAYOUTS.ConfigChanged.id: {
      const record = LAYOUTS.ConfigChanged.schema.decode(version, reader);
      if (record.resourceType !== TOPIC_RESOURCE)
        throw new WireError(`configuration of an unknown kind: ${record.resourceType}`);
      return { type: 'ConfigChanged', topic: record.resourceName, name: record.name, value: record.value };
    }
    case LAYOUTS.ProducerIdBlockAllocated.id: {
      const record = LAYOUTS.ProducerIdBlockAllocated.schema.decode(version, reader);
      const { brokerId, nextProducerId } = record;
      return { type: 'ProducerIdBlockAllocated', brokerId, nextProducerId };
    }
    default:
      throw new WireError(`metadata record of an unknown type: ${id}`);
  }
}

function decodeRegistration(version: number, reader: ByteReader): BrokerRegistered {
  const record = LAYOUTS.BrokerRegistered.schema.decode(version, reader);
  const { brokerId, incarnationId, endPoints, rack, fenced, logDirs, brokerEpoch: epoch } = record;
  const { host, port } = endPoints[0] ?? { host: '', port: 0 };
  const directoryId = logDirs[0] ?? '';
  const { directorySince, inControlledShutdown } = record;
  return {
    type: 'BrokerRegistered',
    brokerId,
    incarnationId,
    host,
    port,
    rack,
    fenced,
    directoryId: directoryId === ZERO_UUID ? '' : directoryId,
    ...(epoch === OWN_OFFSET ? {} : { past: { epoch, directorySince, inControlledShutdown } }),
  };
}

function decodePartition(version: number, reader: ByteReader): PartitionCreated {
  const record = LAYOUTS.PartitionCreated.schema.decode(version, reader);
  const { partitionId: partition, topicId, replicas, isr, leader, leaderEpoch, partitionEpoch } = record;
  const { replicaSince } = record;
  const past = {
    elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    adding: record.addingReplicas,
    removing: record.removingReplicas,
    wanted: record.wantedReplicas ?? [],
    recovering: record.leaderRecoveryState === 1,
    replicaSince,
  };
  return {
    type: 'PartitionCreated',
    topicId,
    partition,
    replicas,
    isr,
    leader,
    leaderEpoch,
    partitionEpoch,
    ...(replicaSince.length === replicas.length && replicas.length > 0 ? { past } : {}),
  };
}

function decodeChange(version: number, reader: ByteReader): PartitionChanged {
  const record = LAYOUTS.PartitionChanged.schema.decode(version, reader);
  const { leader, isr, replicas, leaderRecoveryState, lastKnownElr } = record;
  const { eligibleLeaderReplicas: elr, addingReplicas: adding, removingReplicas: removing } = record;
  const { wantedReplicas: wanted } = record;
  return {
    type: 'PartitionChanged',
    topicId: record.topicId,
    partition: record.partitionId,
    ...(leader === NO_LEADER_CHANGE ? {} : { leader }),
    ...(isr === null ? {} : { isr }),
    ...(elr === null ? {} : { elr }),
    ...(lastKnownElr === null ? {} : { lastKnownElr }),
    ...(replicas === null ? {} : { replicas }),
    ...(adding === null ? {} : { adding }),
    ...(removing === null ? {} : { removing }),
    ...(wanted === null ? {} : { wanted }),
    ...(leaderRecoveryState === NO_RECOVERY_CHANGE ? {} : { recovering: leaderRecoveryState === 1 }),
  };
}
