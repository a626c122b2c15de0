/**
 * A classic consumer group as its coordinator holds it in memory: members, what they are waiting for and until when.
 * Data and questions about it; `group-session.ts` changes it. Deadlines are monotonic milliseconds. What must survive
 * a restart is `storedGroup`, written to `__consumer_offsets`; the rest is soft: clients notice and join again.
 */
import { ErrorCode } from '@tidemark/wire';
import type { StoredGroup } from './group-events.js';

/** In Kafka's words, because clients and tools show them. A group that is nowhere is `Dead`. */
export type GroupPhase = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

/** A parked request, known to the coordinator that will answer it. */
export type Ticket = number;

export interface Member {
  memberId: string;
  readonly instanceId: string | null;
  clientId: string;
  clientHost: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  /** In the member's order of preference. */
  protocols: readonly MemberProtocol[];
  assignment: Uint8Array;
  /** Its JoinGroup waits for the others. */
  joining: Ticket | undefined;
  /** Its JoinGroup knows how to skip the assignment (KIP-814, from version 9). */
  skipsAssignment: boolean;
  /** Its SyncGroup waits for the leader's assignment. */
  syncing: Ticket | undefined;
  /** It has asked for its assignment in this generation. */
  synced: boolean;
  /** It has not seen a generation yet, so nobody can tell it from a dead one by its heartbeats. */
  isNew: boolean;
  sessionDeadlineMs: number;
  /** Carried its last JoinGroup, SyncGroup or Heartbeat; undefined for one loaded from the log and not heard since. */
  connectionId: number | undefined;
  /** That connection was closed by the member's side, and the member is gone if it is not heard by then. */
  graceDeadlineMs: number | undefined;
  /** The id that a static member had before it came back; null for all others. */
  formerMemberId: string | null;
}

/** A rebalance that waits for members to join. `initial`: the group was empty, so it waits for the sake of waiting. */
export interface Gathering {
  deadlineMs: number;
  readonly initial: { remainingMs: number; memberAdded: boolean } | undefined;
}

/** Assignments, or a replaced static member, on their way to the log. */
export interface Storing {
  readonly token: number;
  readonly assignments: ReadonlyMap<string, Uint8Array>;
}

export interface Group {
  readonly groupId: string;
  phase: GroupPhase;
  generation: number;
  protocolType: string | null;
  protocolName: string | null;
  leaderId: string | null;
  /** In the order of joining: the first is the next leader. */
  readonly members: Map<string, Member>;
  /** Static members: member id by instance id. */
  readonly instances: Map<string, string>;
  /** Ids given out with MEMBER_ID_REQUIRED, and until when they may come back. */
  readonly newcomers: Map<string, number>;
  gathering: Gathering | undefined;
  /** Members that have not asked for their assignment by then are taken for dead. */
  syncDeadlineMs: number | undefined;
  storing: Storing | undefined;
  storingsBegun: number;
  /** Milliseconds since 1970. */
  stateSinceMs: number;
}

export function emptyGroup(groupId: string, stored?: StoredGroup): Group {
  return {
    groupId,
    phase: 'Empty',
    generation: stored?.generation ?? 0,
    protocolType: stored?.protocolType ?? null,
    protocolName: null,
    leaderId: null,
    members: new Map(),
    instances: new Map(),
    newcomers: new Map(),
    gathering: undefined,
    syncDeadlineMs: undefined,
    storing: undefined,
    storingsBegun: 0,
    stateSinceMs: stored?.stateSinceMs ?? -1,
  };
}

/** After a restart the stored members count as alive for one session; whoever is not heard by then is removed. */
export function restoredGroup(groupId: string, stored: StoredGroup, nowMs: number): Group {
  const group = emptyGroup(groupId, stored);
  if (stored.members.length === 0) return group;
  group.phase = 'Stable';
  group.protocolName = stored.protocolName;
  group.leaderId = stored.leaderId;
  for (const { subscription, ...member } of stored.members) {
    group.members.set(member.memberId, {
      ...member,
      protocols: [{ name: stored.protocolName ?? '', metadata: subscription }],
      joining: undefined,
      skipsAssignment: false,
      syncing: undefined,
      synced: true,
      isNew: false,
      formerMemberId: null,
      sessionDeadlineMs: nowMs + member.sessionTimeoutMs,
      connectionId: undefined,
      graceDeadlineMs: undefined,
    });
    if (member.instanceId !== null) group.instances.set(member.instanceId, member.memberId);
  }
  return group;
}

const NOTHING: Uint8Array = new Uint8Array();

/** The member's metadata for the group's protocol; empty when it has none. */
export function metadataOf(member: Member, protocolName: string | null): Uint8Array {
  return member.protocols.find(({ name }) => name === protocolName)?.metadata ?? NOTHING;
}

/** What the log is to say; `assignments` where they are not the members' yet. */
export function storedGroup(group: Group, assignments?: ReadonlyMap<string, Uint8Array>): StoredGroup {
  return {
    protocolType: group.protocolType ?? '',
    generation: group.generation,
    protocolName: group.protocolName,
    leaderId: group.leaderId,
    stateSinceMs: group.stateSinceMs,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
      subscription: metadataOf(member, group.protocolName),
      assignment:
        assignments === undefined ? member.assignment : (assignments.get(member.memberId) ?? NOTHING),
    })),
  };
}

/** Protocols that every member knows. */
function commonProtocols(group: Group): Set<string> {
  const counts = new Map<string, number>();
  for (const { protocols } of group.members.values()) {
    for (const name of new Set(protocols.map((protocol) => protocol.name)))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count === group.members.size).map(([name]) => name));
}

/** G6: each member votes for the first of its protocols that all know; the most votes win, ties go to the first named. */
export function chooseProtocol(group: Group): string | null {
  const common = commonProtocols(group);
  const votes = new Map<string, number>();
  for (const { protocols } of group.members.values()) {
    const vote = protocols.find(({ name }) => common.has(name))?.name;
    if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1);
  }
  let chosen: string | null = null;
  for (const [name, count] of votes) if (chosen === null || count > (votes.get(chosen) ?? 0)) chosen = name;
  return chosen;
}

/** G4: whether somebody of this protocol type with these protocols can be in the group. */
export function fits(group: Group, protocolType: string, protocols: readonly MemberProtocol[]): boolean {
  if (protocolType === '' || protocols.length === 0) return false;
  if (group.members.size === 0) return true;
  const common = commonProtocols(group);
  return group.protocolType === protocolType && protocols.some(({ name }) => common.has(name));
}

export function sameProtocols(one: readonly MemberProtocol[], other: readonly MemberProtocol[]): boolean {
  if (one.length !== other.length) return false;
  return one.every(({ name, metadata }, index) => {
    const twin = other[index];
    return twin?.name === name && Buffer.compare(twin.metadata, metadata) === 0;
  });
}

/** The longest time that any member wants to have for coming back. */
export function rebalanceTimeoutMs(group: Group): number {
  let longest = 0;
  for (const member of group.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
  return longest;
}

/** Whether the caller is who it says: `NONE`, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID or ILLEGAL_GENERATION. */
export function checkMember(
  group: Group,
  caller: { readonly memberId: string; readonly instanceId: string | null; readonly generation: number },
): ErrorCode {
  if (caller.instanceId !== null) {
    const owner = group.instances.get(caller.instanceId);
    if (owner === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    if (owner !== caller.memberId) return ErrorCode.FENCED_INSTANCE_ID;
  }
  if (!group.members.has(caller.memberId)) return ErrorCode.UNKNOWN_MEMBER_ID;
  return caller.generation === group.generation ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}

/** Whether the member shows its life by waiting for us instead of by heartbeats. */
export function isParked(member: Member): boolean {
  return (member.joining !== undefined && !member.isNew) || member.syncing !== undefined;
}

/** Whether the member is to be taken for dead by now. */
export function isOverdue(member: Member, nowMs: number): boolean {
  if (member.graceDeadlineMs !== undefined && member.graceDeadlineMs <= nowMs) return true;
  return !isParked(member) && member.sessionDeadlineMs <= nowMs;
}

/** When `wake` has something to do, monotonic milliseconds; undefined when nothing is being waited for. */
export function nextWakeMs(group: Group): number | undefined {
  let next = Infinity;
  for (const member of group.members.values()) {
    if (!isParked(member)) next = Math.min(next, member.sessionDeadlineMs);
    next = Math.min(next, member.graceDeadlineMs ?? Infinity);
  }
  for (const deadlineMs of group.newcomers.values()) next = Math.min(next, deadlineMs);
  next = Math.min(next, group.gathering?.deadlineMs ?? Infinity, group.syncDeadlineMs ?? Infinity);
  return next === Infinity ? undefined : next;
}
