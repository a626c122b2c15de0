/**
 * Who comes in: newcomers, members that join again, static members that come back under a new id. Steps of a
 * transition; `classifyJoin` says which of them a JoinGroup is (or answers it), the rest is called through the table
 * in `group-session.ts`.
 */
import { ErrorCode } from '@tidemark/wire';
import type { JoinAnswer, JoinInput, Step, StoredInput } from './group-inputs.js';
import { chooseProtocol, fits, sameProtocols } from './group-members.js';
import type { Member } from './group-members.js';
import {
  answerSync,
  failedJoin,
  gatherAgain,
  gatherFirst,
  generationFor,
  maybeGathered,
  memberList,
  refreshSession,
  store,
} from './group-rebalance.js';

/** A newcomer parked in a join is not asked for heartbeats; its connection may be long gone after this (Kafka: same). */
const NEW_MEMBER_JOIN_MS = 5 * 60_000;
/** Ids given out and not come back with, in one group. */
const NEWCOMERS_MAX = 10_000;

export type JoinKind =
  | { readonly kind: 'newcomer'; readonly memberId: string }
  | { readonly kind: 'rejoin'; readonly member: Member }
  | { readonly kind: 'replacement'; readonly old: Member }
  | { readonly kind: 'refused'; readonly error: ErrorCode; readonly memberId: string };

/** G3, G4, G10: what a JoinGroup is, whatever phase the group is in. */
export function classifyJoin(step: Step, input: JoinInput): JoinKind {
  const { group } = step;
  const { memberId, instanceId } = input;
  const refused = (error: ErrorCode, id = memberId): JoinKind => ({ kind: 'refused', error, memberId: id });
  const replaced = instanceId === null ? undefined : group.members.get(group.instances.get(instanceId) ?? '');
  const known = memberId === '' ? replaced : group.members.get(memberId);
  if (known === undefined && isFull(step)) return refused(ErrorCode.GROUP_MAX_SIZE_REACHED);
  if (!fits(group, input.protocolType, input.protocols))
    return refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  if (memberId === '') {
    if (replaced !== undefined) return { kind: 'replacement', old: replaced };
    if (instanceId !== null || !input.comesTwice)
      return { kind: 'newcomer', memberId: input.proposedMemberId };
    if (group.newcomers.size >= NEWCOMERS_MAX) return refused(ErrorCode.GROUP_MAX_SIZE_REACHED);
    group.newcomers.set(input.proposedMemberId, step.nowMs + input.sessionTimeoutMs);
    return refused(ErrorCode.MEMBER_ID_REQUIRED, input.proposedMemberId);
  }
  if (instanceId !== null) {
    if (replaced === undefined) return refused(ErrorCode.UNKNOWN_MEMBER_ID);
    if (replaced.memberId !== memberId) return refused(ErrorCode.FENCED_INSTANCE_ID);
  }
  if (known !== undefined) return { kind: 'rejoin', member: known };
  if (group.newcomers.has(memberId)) return { kind: 'newcomer', memberId };
  return refused(ErrorCode.UNKNOWN_MEMBER_ID);
}

/** While a rebalance gathers, only those who have joined count: the others may not come back. */
function isFull({ group, settings }: Step): boolean {
  if (group.phase !== 'PreparingRebalance') return group.members.size >= settings.membersMax;
  let joined = 0;
  for (const member of group.members.values()) if (member.joining !== undefined) joined += 1;
  return joined >= settings.membersMax;
}

export function refuseJoin(
  { effects }: Step,
  input: JoinInput,
  error: ErrorCode,
  memberId = input.memberId,
): void {
  effects.push({ type: 'answerJoin', ticket: input.ticket, answer: failedJoin(error, memberId) });
}

function addMember({ group, nowMs }: Step, input: JoinInput, memberId: string): void {
  group.newcomers.delete(memberId);
  if (group.members.size === 0) group.protocolType = input.protocolType;
  group.members.set(memberId, {
    memberId,
    instanceId: input.instanceId,
    clientId: input.clientId,
    clientHost: input.clientHost,
    rebalanceTimeoutMs: input.rebalanceTimeoutMs,
    sessionTimeoutMs: input.sessionTimeoutMs,
    protocols: input.protocols,
    assignment: new Uint8Array(),
    joining: input.ticket,
    skipsAssignment: input.skipsAssignment,
    syncing: undefined,
    synced: false,
    isNew: true,
    formerMemberId: null,
    sessionDeadlineMs: nowMs + NEW_MEMBER_JOIN_MS,
    connectionId: input.connectionId,
    graceDeadlineMs: undefined,
  });
  if (input.instanceId !== null) group.instances.set(input.instanceId, memberId);
  group.leaderId ??= memberId;
}

/** What a member says of itself replaces what it said before; an earlier join of its that still waits is called off. */
function park({ effects }: Step, input: JoinInput, member: Member): void {
  if (member.joining !== undefined) {
    const answer = failedJoin(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId);
    effects.push({ type: 'answerJoin', ticket: member.joining, answer });
  }
  member.joining = input.ticket;
  member.connectionId = input.connectionId;
  member.clientId = input.clientId;
  member.clientHost = input.clientHost;
  member.protocols = input.protocols;
  member.rebalanceTimeoutMs = input.rebalanceTimeoutMs;
  member.sessionTimeoutMs = input.sessionTimeoutMs;
  member.skipsAssignment = input.skipsAssignment;
}

export function newcomerToEmpty(step: Step, input: JoinInput, memberId: string): void {
  addMember(step, input, memberId);
  gatherFirst(step, input.rebalanceTimeoutMs);
}

export function newcomerToGathering(step: Step, input: JoinInput, memberId: string): void {
  const { group } = step;
  addMember(step, input, memberId);
  if (group.gathering?.initial !== undefined) group.gathering.initial.memberAdded = true;
  maybeGathered(step);
}

export function newcomerToGeneration(step: Step, input: JoinInput, memberId: string): void {
  addMember(step, input, memberId);
  gatherAgain(step);
}

export function rejoinGathering(step: Step, input: JoinInput, member: Member): void {
  park(step, input, member);
  maybeGathered(step);
}

/** A repeated join (its answer was lost) gets the generation again; one with something new to say starts over. */
export function rejoinCompleting(step: Step, input: JoinInput, member: Member): void {
  if (sameProtocols(member.protocols, input.protocols)) answerAgain(step, input, member);
  else rejoinWithNews(step, input, member);
}

/** G7: the leader joins again because it saw a reason to rebalance; a follower only with a change of its own. */
export function rejoinStable(step: Step, input: JoinInput, member: Member): void {
  const { group } = step;
  if (member.memberId !== group.leaderId && sameProtocols(member.protocols, input.protocols)) {
    answerAgain(step, input, member);
  } else {
    rejoinWithNews(step, input, member);
  }
}

function answerAgain(step: Step, input: JoinInput, member: Member): void {
  refreshSession(step, member);
  step.effects.push({ type: 'answerJoin', ticket: input.ticket, answer: generationFor(step.group, member) });
}

function rejoinWithNews(step: Step, input: JoinInput, member: Member): void {
  park(step, input, member);
  gatherAgain(step);
}

/** KIP-345: the instance goes on under a new member id; requests under the old one are fenced from here on. */
function swap(step: Step, input: JoinInput, old: Member): Member {
  const { group, effects } = step;
  if (old.joining !== undefined) {
    const answer = failedJoin(ErrorCode.FENCED_INSTANCE_ID, old.memberId);
    effects.push({ type: 'answerJoin', ticket: old.joining, answer });
    old.joining = undefined;
  }
  answerSync(step, old, ErrorCode.FENCED_INSTANCE_ID);
  const member: Member = { ...old, memberId: input.proposedMemberId, formerMemberId: old.memberId };
  // Rebuilt in order, because the order of members decides who leads next.
  const members = [...group.members.values()].map((other) => (other === old ? member : other));
  group.members.clear();
  for (const other of members) group.members.set(other.memberId, other);
  if (member.instanceId !== null) group.instances.set(member.instanceId, member.memberId);
  if (group.leaderId === old.memberId) group.leaderId = member.memberId;
  park(step, input, member);
  refreshSession(step, member);
  return member;
}

export function replaceInGathering(step: Step, input: JoinInput, old: Member): void {
  swap(step, input, old);
  maybeGathered(step);
}

export function replaceInCompleting(step: Step, input: JoinInput, old: Member): void {
  swap(step, input, old);
  gatherAgain(step);
}

/** With the protocol unchanged nobody else needs to know: the new id is stored, then the join is answered. */
export function replaceInStable(step: Step, input: JoinInput, old: Member): void {
  swap(step, input, old);
  if (chooseProtocol(step.group) === step.group.protocolName) store(step, undefined);
  else gatherAgain(step);
}

/** The new id is in the log. Several replacements may have waited for it, each with the latest storing. */
export function replacementStored(step: Step, input: StoredInput): void {
  const { group, effects } = step;
  if (group.storing?.token !== input.token) return;
  group.storing = undefined;
  for (const member of group.members.values()) {
    if (member.joining === undefined) continue;
    const answer =
      input.error === ErrorCode.NONE
        ? replacementAnswer(step, member)
        : failedJoin(input.error, member.memberId);
    effects.push({ type: 'answerJoin', ticket: member.joining, answer });
    member.joining = undefined;
    refreshSession(step, member);
  }
}

/**
 * KIP-814: a returning leader that can skip the assignment is told that it leads. An older one is told that it led
 * under its former id, because it would hand in an assignment that nobody asked for.
 */
function replacementAnswer({ group }: Step, member: Member): JoinAnswer {
  const answer = generationFor(group, member);
  if (member.memberId !== group.leaderId) return answer;
  if (member.skipsAssignment) return { ...answer, skipAssignment: true, members: memberList(group) };
  return { ...answer, leaderId: member.formerMemberId ?? '', members: [] };
}
