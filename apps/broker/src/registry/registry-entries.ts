/**
 * The classic registries as paths, the way Kafka once kept them in ZooKeeper: brokers and topics from the metadata,
 * consumers, their partitions and their offsets from the groups that this broker coordinates. Pure: what is known in,
 * a map from path to JSON text out, in which equal text means that nothing has changed.
 */
import type { MetadataImage } from '../controller/metadata-image.js';
import { replicationProtocol } from '../controller/metadata-image.js';
import { assignedPartitions, subscribedTopics } from '../groups/consumer-protocol.js';
import { metadataOf } from '../groups/group-members.js';
import type { Group } from '../groups/group-members.js';
import type { GroupRecords } from '../groups/group-offsets.decider.js';

/** JSON text by path. */
export type RegistryEntries = Map<string, string>;

export interface GroupView {
  readonly groupId: string;
  readonly group: Group | undefined;
  readonly records: GroupRecords | undefined;
}

/** Group and member ids may hold any character, a slash too. */
const segment = (text: string): string => encodeURIComponent(text);

/** Ephemeral: a broker that is fenced is not there. */
export function metadataEntries(image: MetadataImage, controllerId: number): RegistryEntries {
  const entries: RegistryEntries = new Map();
  const set = (path: string, value: unknown): void => void entries.set(path, JSON.stringify(value));
  set('/cluster/id', { id: image.clusterId });
  if (controllerId >= 0) set('/controller', { brokerid: controllerId });
  for (const { id, host, port, rack, epoch, fenced, inControlledShutdown } of image.brokers.values()) {
    if (!fenced) set(`/brokers/ids/${id}`, { host, port, rack, epoch, inControlledShutdown });
  }
  for (const topic of image.topics.values()) {
    const root = `/brokers/topics/${topic.name}`;
    const partitions = Object.fromEntries(topic.partitions.map((one) => [one.partition, one.replicas]));
    set(root, { id: topic.id, protocol: replicationProtocol(topic), partitions });
    for (const { partition, leader, leaderEpoch, partitionEpoch, isr, elr } of topic.partitions) {
      set(`${root}/partitions/${partition}/state`, { leader, leaderEpoch, partitionEpoch, isr, elr });
    }
  }
  return entries;
}

/** Members and owners are ephemeral, offsets stay when everybody has gone. */
export function groupEntries(views: Iterable<GroupView>): RegistryEntries {
  const entries: RegistryEntries = new Map();
  for (const { groupId, group, records } of views) {
    const root = `/consumers/${segment(groupId)}`;
    if (group !== undefined) memberEntries(root, group, entries);
    for (const [topic, partitions] of records?.offsets ?? []) {
      for (const [partition, { offset, metadata }] of partitions) {
        const value = metadata === '' ? { offset } : { offset, metadata };
        entries.set(`${root}/offsets/${topic}/${partition}`, JSON.stringify(value));
      }
    }
  }
  return entries;
}

function memberEntries(root: string, group: Group, entries: RegistryEntries): void {
  for (const member of group.members.values()) {
    const { memberId, clientId, clientHost: host, instanceId } = member;
    const protocol = group.protocolName ?? member.protocols[0]?.name ?? null;
    const subscription = subscribedTopics(metadataOf(member, protocol)) ?? [];
    const value = { clientId, host, instanceId, subscription };
    entries.set(`${root}/ids/${segment(memberId)}`, JSON.stringify(value));
    // While a rebalance gathers, everybody still owns what the last generation gave it.
    for (const { topic, partitions } of assignedPartitions(member.assignment) ?? []) {
      for (const partition of partitions) {
        entries.set(`${root}/owners/${topic}/${partition}`, JSON.stringify({ member: memberId }));
      }
    }
  }
}
