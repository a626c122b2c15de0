/**
 * What a partition of `__consumer_offsets` says: each group's committed offsets and its last stored generation. The
 * decider of the group coordinator, replayed from that partition. It does not ask who may commit: membership is soft
 * state and checked by `group-coordinator.ts` in the same turn, before the command. Updated in place, one map look-up
 * for each record, so that replaying a long topic is quick.
 */
import type { Decider, Decision } from '@tidemark/decider';
import type { CommittedOffset, GroupEvent, StoredGroup } from './group-events.js';

/** What is stored of one group. */
export interface GroupRecords {
  readonly group: StoredGroup | undefined;
  /** By topic, then by partition; no topic is empty. */
  readonly offsets: ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>>;
}

interface MutableGroupRecords extends GroupRecords {
  group: StoredGroup | undefined;
  readonly offsets: Map<string, Map<number, CommittedOffset>>;
}

export type GroupOffsetsState = ReadonlyMap<string, GroupRecords>;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export type GroupOffsetsCommand =
  | {
      readonly type: 'CommitOffsets';
      readonly groupId: string;
      readonly offsets: readonly (TopicPartition & CommittedOffset)[];
    }
  | { readonly type: 'StoreGroup'; readonly groupId: string; readonly group: StoredGroup }
  | {
      readonly type: 'ForgetOffsets';
      readonly groupId: string;
      readonly partitions: readonly TopicPartition[];
    }
  /** Offsets of topics that are gone. */
  | { readonly type: 'ForgetTopics'; readonly groupId: string; readonly topics: ReadonlySet<string> }
  /** The group itself and all that it committed. */
  | { readonly type: 'ForgetGroup'; readonly groupId: string }
  | {
      readonly type: 'ExpireOffsets';
      readonly groupId: string;
      readonly nowMs: number;
      readonly retentionMs: number;
      /** False when members, or newcomers not stored yet, use the group: then nothing expires. */
      readonly unused: boolean;
    };

/** Partitions that a command removed, where it removes; 0 otherwise. */
export type GroupOffsetsReply = number;
type GroupOffsetsDecision = Decision<GroupEvent, GroupOffsetsReply, never>;

export type GroupOffsetsDecider = Decider<
  GroupOffsetsState,
  GroupOffsetsCommand,
  GroupEvent,
  GroupOffsetsReply,
  never
>;

export const groupOffsetsDecider: GroupOffsetsDecider = {
  initial: () => new Map<string, MutableGroupRecords>(),
  decide,
  evolve,
};

function decide(state: GroupOffsetsState, command: GroupOffsetsCommand): GroupOffsetsDecision {
  const { groupId } = command;
  const records = state.get(groupId);
  switch (command.type) {
    case 'CommitOffsets': {
      const events = command.offsets.map((offset): GroupEvent => ({
        type: 'OffsetCommitted',
        groupId,
        ...offset,
      }));
      return { events, reply: 0 };
    }
    case 'StoreGroup':
      return { events: [{ type: 'GroupStored', groupId, group: command.group }], reply: 0 };
    case 'ForgetOffsets':
      return forget(groupId, command.partitions.filter(isCommitted(records)));
    case 'ForgetTopics':
      return forget(
        groupId,
        partitionsOf(records).filter(({ topic }) => command.topics.has(topic)),
      );
    case 'ForgetGroup':
      return forgetGroup(groupId, records);
    case 'ExpireOffsets':
      return expire(records, command);
  }
}

function forget(
  groupId: string,
  partitions: readonly TopicPartition[],
): { readonly events: GroupEvent[]; readonly reply: number } {
  const events = partitions.map(({ topic, partition }): GroupEvent => {
    return { type: 'OffsetForgotten', groupId, topic, partition };
  });
  return { events, reply: events.length };
}

function forgetGroup(groupId: string, records: GroupRecords | undefined): GroupOffsetsDecision {
  if (records === undefined) return { events: [], reply: 0 };
  const { events, reply } = forget(groupId, partitionsOf(records));
  if (records.group === undefined) return { events, reply };
  return { events: [...events, { type: 'GroupForgotten', groupId }], reply };
}

/**
 * G17: the offsets of an empty group count from when it became empty, those of a group that never had members from
 * their commit. A group that has nothing left is forgotten itself.
 */
function expire(
  records: GroupRecords | undefined,
  command: Extract<GroupOffsetsCommand, { type: 'ExpireOffsets' }>,
): GroupOffsetsDecision {
  const { groupId, nowMs, retentionMs, unused } = command;
  if (records === undefined || !unused || (records.group?.members.length ?? 0) > 0)
    return { events: [], reply: 0 };
  const expired = partitionsOf(records).filter((partition) =>
    isExpired(records, partition, nowMs, retentionMs),
  );
  if (expired.length === partitionsOf(records).length) return forgetGroup(groupId, records);
  return forget(groupId, expired);
}

function isExpired(
  records: GroupRecords,
  { topic, partition }: TopicPartition,
  nowMs: number,
  retentionMs: number,
): boolean {
  const committed = records.offsets.get(topic)?.get(partition);
  const sinceMs = Math.max(committed?.commitTimestampMs ?? 0, records.group?.stateSinceMs ?? -1);
  return nowMs - sinceMs >= retentionMs;
}

/** Whether `ExpireOffsets` would find something to do in an unused group. */
export function hasExpired(records: GroupRecords, nowMs: number, retentionMs: number): boolean {
  if ((records.group?.members.length ?? 0) > 0) return false;
  const partitions = partitionsOf(records);
  return (
    partitions.length === 0 ||
    partitions.some((partition) => isExpired(records, partition, nowMs, retentionMs))
  );
}

function isCommitted(records: GroupRecords | undefined): (partition: TopicPartition) => boolean {
  return ({ topic, partition }) => records?.offsets.get(topic)?.has(partition) === true;
}

function partitionsOf(records: GroupRecords | undefined): TopicPartition[] {
  const partitions: TopicPartition[] = [];
  for (const [topic, offsets] of records?.offsets ?? []) {
    for (const partition of offsets.keys()) partitions.push({ topic, partition });
  }
  return partitions;
}

function evolve(state: GroupOffsetsState, event: GroupEvent): GroupOffsetsState {
  const groups = state as Map<string, MutableGroupRecords>;
  let records = groups.get(event.groupId);
  if (records === undefined) {
    if (event.type === 'OffsetForgotten' || event.type === 'GroupForgotten') return state;
    records = { group: undefined, offsets: new Map() };
    groups.set(event.groupId, records);
  }
  switch (event.type) {
    case 'OffsetCommitted':
      evolveCommit(records, event);
      break;
    case 'OffsetForgotten': {
      const offsets = records.offsets.get(event.topic);
      offsets?.delete(event.partition);
      if (offsets?.size === 0) records.offsets.delete(event.topic);
      break;
    }
    case 'GroupStored':
      records.group = event.group;
      break;
    case 'GroupForgotten':
      records.group = undefined;
      break;
  }
  if (records.group === undefined && records.offsets.size === 0) groups.delete(event.groupId);
  return state;
}

function evolveCommit(
  records: MutableGroupRecords,
  event: Extract<GroupEvent, { type: 'OffsetCommitted' }>,
): void {
  const { topic, partition, offset, leaderEpoch, metadata, commitTimestampMs } = event;
  let offsets = records.offsets.get(topic);
  if (offsets === undefined) {
    offsets = new Map();
    records.offsets.set(topic, offsets);
  }
  offsets.set(partition, { offset, leaderEpoch, metadata, commitTimestampMs });
}
