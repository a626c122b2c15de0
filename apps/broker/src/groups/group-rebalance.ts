/**
 * How a group comes to its next generation: gather the members, number the generation, wait for the leader's
 * assignment, hand it out. The one place where members are answered for having waited. Steps of a transition; called
 * through the table in `group-session.ts`.
 */
import { ErrorCode } from '@tidemark/wire';
import type { JoinAnswer, Step, StoredInput, SyncAnswer, SyncInput } from './group-inputs.js';
import { chooseProtocol, metadataOf, rebalanceTimeoutMs, storedGroup } from './group-members.js';
import type { Group, GroupPhase, Member, Ticket } from './group-members.js';

const NOTHING: Uint8Array = new Uint8Array();

export function enter({ group, wallMs }: Step, phase: GroupPhase): void {
  group.phase = phase;
  group.stateSinceMs = wallMs;
}

/** The group was empty: wait a while for more members, so that ten consumers started together make one generation. */
export function gatherFirst(step: Step, rebalanceTimeout: number): void {
  const { group, settings, nowMs } = step;
  const delayMs = Math.min(settings.initialDelayMs, rebalanceTimeout);
  enter(step, 'PreparingRebalance');
  group.gathering = {
    deadlineMs: nowMs + delayMs,
    initial: { remainingMs: rebalanceTimeout - delayMs, memberAdded: false },
  };
}

/** Whatever the group was about is over: everybody has to join again. */
export function gatherAgain(step: Step): void {
  const { group, nowMs } = step;
  group.storing = undefined;
  group.syncDeadlineMs = undefined;
  for (const member of group.members.values()) answerSync(step, member, ErrorCode.REBALANCE_IN_PROGRESS);
  enter(step, 'PreparingRebalance');
  group.gathering = { deadlineMs: nowMs + rebalanceTimeoutMs(group), initial: undefined };
  maybeGathered(step);
}

/** Goes on as soon as everybody is there, newcomers who were promised a place included. */
export function maybeGathered(step: Step): void {
  const { group } = step;
  if (group.gathering === undefined || group.gathering.initial !== undefined || group.newcomers.size > 0)
    return;
  for (const member of group.members.values()) if (member.joining === undefined) return;
  beginGeneration(step);
}

/** The time for gathering is over: go on with those who are there, or wait on while an empty group still fills. */
export function gatheringDue(step: Step): void {
  const { group, settings, nowMs } = step;
  const initial = group.gathering?.initial;
  if (initial === undefined || !initial.memberAdded || initial.remainingMs === 0) {
    beginGeneration(step);
    return;
  }
  const delayMs = Math.min(settings.initialDelayMs, initial.remainingMs);
  group.gathering = {
    deadlineMs: nowMs + delayMs,
    initial: { remainingMs: initial.remainingMs - delayMs, memberAdded: false },
  };
}

function beginGeneration(step: Step): void {
  const { group, nowMs } = step;
  for (const member of [...group.members.values()]) {
    // A static member may come back as late as its session allows; it keeps its place.
    if (member.joining === undefined && member.instanceId === null)
      dropMember(step, member, ErrorCode.UNKNOWN_MEMBER_ID);
  }
  const present = [...group.members.values()].filter(({ joining }) => joining !== undefined);
  if (present.length === 0 && group.members.size > 0) {
    group.gathering = { deadlineMs: nowMs + rebalanceTimeoutMs(group), initial: undefined };
    return;
  }
  group.gathering = undefined;
  group.generation += 1;
  if (present.length === 0) {
    becomeEmpty(step);
    return;
  }
  const leader = group.members.get(group.leaderId ?? '');
  if (leader?.joining === undefined) group.leaderId = present[0]?.memberId ?? null;
  group.protocolName = chooseProtocol(group);
  enter(step, 'CompletingRebalance');
  group.syncDeadlineMs = nowMs + rebalanceTimeoutMs(group);
  for (const member of group.members.values()) {
    member.synced = false;
    member.isNew = false;
    refreshSession(step, member);
    answerJoin(step, member);
  }
}

function becomeEmpty(step: Step): void {
  const { group } = step;
  group.protocolName = null;
  group.leaderId = null;
  group.syncDeadlineMs = undefined;
  enter(step, 'Empty');
  // Nobody waits for this one; if it fails, a restart finds the last generation's members and expires them.
  store(step, new Map());
  group.storing = undefined;
}

/** The leader's assignments are written before anybody is told. */
export function acceptSync(step: Step, input: SyncInput): void {
  const { group } = step;
  const member = group.members.get(input.memberId);
  if (member === undefined) return;
  answerSync(step, member, ErrorCode.REBALANCE_IN_PROGRESS);
  member.syncing = input.ticket;
  member.synced = true;
  if (input.memberId === group.leaderId && group.storing === undefined) store(step, input.assignments);
}

export function assignmentsStored(step: Step, input: StoredInput): void {
  const { group } = step;
  const { storing } = group;
  // The answer to an append of an earlier generation, or to one that a new rebalance has overtaken.
  if (storing?.token !== input.token) return;
  group.storing = undefined;
  if (input.error !== ErrorCode.NONE) {
    for (const member of group.members.values()) answerSync(step, member, input.error);
    gatherAgain(step);
    return;
  }
  for (const member of group.members.values()) {
    member.assignment = storing.assignments.get(member.memberId) ?? NOTHING;
    answerSync(step, member, ErrorCode.NONE);
  }
  enter(step, 'Stable');
  maybeAllSynced(group);
}

/** Stable: the assignment is known, so whoever asks gets it at once. */
export function answerStableSync(step: Step, input: SyncInput): void {
  const { group } = step;
  const member = group.members.get(input.memberId);
  if (member === undefined) return;
  member.syncing = input.ticket;
  member.synced = true;
  answerSync(step, member, ErrorCode.NONE);
  maybeAllSynced(group);
}

function maybeAllSynced(group: Group): void {
  if ([...group.members.values()].every(({ synced }) => synced)) group.syncDeadlineMs = undefined;
}

/** Members that joined and then never asked for their assignment are taken for dead. */
export function syncDue(step: Step): void {
  const { group } = step;
  group.syncDeadlineMs = undefined;
  const silent = [...group.members.values()].filter(({ synced }) => !synced);
  for (const member of silent) dropMember(step, member, ErrorCode.UNKNOWN_MEMBER_ID);
  if (silent.length > 0) gatherAgain(step);
}

/** Takes a member out and tells it so where it waits; what that means for the group is the caller's business. */
export function dropMember(step: Step, member: Member, error: ErrorCode): void {
  const { group, effects } = step;
  if (member.joining !== undefined) {
    effects.push({ type: 'answerJoin', ticket: member.joining, answer: failedJoin(error, member.memberId) });
    member.joining = undefined;
  }
  answerSync(step, member, error);
  group.members.delete(member.memberId);
  if (member.instanceId !== null) group.instances.delete(member.instanceId);
  if (group.leaderId === member.memberId) group.leaderId = group.members.keys().next().value ?? null;
}

export function store(step: Step, assignments: ReadonlyMap<string, Uint8Array> | undefined): void {
  const { group, effects } = step;
  group.storingsBegun += 1;
  const token = group.storingsBegun;
  const current = new Map(
    [...group.members.values()].map(({ memberId, assignment }) => [memberId, assignment]),
  );
  group.storing = { token, assignments: assignments ?? current };
  effects.push({ type: 'store', token, group: storedGroup(group, assignments) });
}

export function refreshSession({ nowMs }: Step, member: Member): void {
  member.sessionDeadlineMs = nowMs + member.sessionTimeoutMs;
}

/** Answers a parked JoinGroup with the current generation; does nothing for a member that is not waiting. */
export function answerJoin(step: Step, member: Member): void {
  if (member.joining === undefined) return;
  const { group, effects } = step;
  effects.push({ type: 'answerJoin', ticket: member.joining, answer: generationFor(group, member) });
  member.joining = undefined;
}

export function generationFor(group: Group, member: Member): JoinAnswer {
  const leads = member.memberId === group.leaderId;
  return {
    error: ErrorCode.NONE,
    memberId: member.memberId,
    generation: group.generation,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leaderId: group.leaderId ?? '',
    skipAssignment: false,
    members: leads ? memberList(group) : [],
  };
}

export function memberList(group: Group): JoinAnswer['members'] {
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    metadata: metadataOf(member, group.protocolName),
  }));
}

export function failedJoin(error: ErrorCode, memberId: string): JoinAnswer {
  return {
    error,
    memberId,
    generation: -1,
    protocolType: null,
    protocolName: null,
    leaderId: '',
    skipAssignment: false,
    members: [],
  };
}

/** Answers a parked SyncGroup, from where the member's session counts anew; nothing for one that is not waiting. */
export function answerSync(step: Step, member: Member, error: ErrorCode): void {
  if (member.syncing === undefined) return;
  refreshSession(step, member);
  refuseOrGiveSync(step, member.syncing, error, member.assignment);
  member.syncing = undefined;
}

export function refuseOrGiveSync(step: Step, ticket: Ticket, error: ErrorCode, assignment = NOTHING): void {
  const { group, effects } = step;
  const fine = error === ErrorCode.NONE;
  const answer: SyncAnswer = {
    error,
    protocolType: fine ? group.protocolType : null,
    protocolName: fine ? group.protocolName : null,
    assignment: fine ? assignment : NOTHING,
  };
  effects.push({ type: 'answerSync', ticket, answer });
}
