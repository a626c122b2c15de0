/**
 * The life of a classic consumer group (KIP-62, 345, 394, 814) as one pure transition: a group and an input give
 * effects. The table says, for every phase and everything that can happen in it, what is done; a missing case does
 * not compile. Soft state, so outside the decider: what must last goes to the log by a `store` effect. The group is
 * updated in place; time, ids and tickets come in with the input.
 *
 * What must hold: generations only rise; a member is told of a generation only when all that it needs for it is there
 * (its assignment: only when stored); every parked request is answered exactly once. A member whose
 * connection broke is given a grace (`group.disconnect.grace.ms`) instead of its session, and leaves as any other does.
 */
import { ErrorCode } from '@tidemark/wire';
import type {
  DisconnectedInput,
  GroupEffect,
  GroupInput,
  HeartbeatInput,
  JoinInput,
  LeaveAnswer,
  LeaveInput,
  Leaving,
  SessionSettings,
  Step,
  StoredInput,
  SyncInput,
} from './group-inputs.js';
import {
  classifyJoin,
  newcomerToEmpty,
  newcomerToGathering,
  newcomerToGeneration,
  refuseJoin,
  rejoinCompleting,
  rejoinGathering,
  rejoinStable,
  replaceInCompleting,
  replaceInGathering,
  replaceInStable,
  replacementStored,
} from './group-joins.js';
import { checkMember, isOverdue } from './group-members.js';
import type { Group, GroupPhase, Member } from './group-members.js';
import {
  acceptSync,
  answerStableSync,
  assignmentsStored,
  dropMember,
  gatherAgain,
  gatheringDue,
  maybeGathered,
  refreshSession,
  refuseOrGiveSync,
  syncDue,
} from './group-rebalance.js';

/** What can happen to a group, after the question who is asking has been settled. */
interface Outcomes {
  readonly newcomer: (step: Step, input: JoinInput, memberId: string) => void;
  readonly rejoin: (step: Step, input: JoinInput, member: Member) => void;
  readonly replacement: (step: Step, input: JoinInput, old: Member) => void;
  readonly sync: (step: Step, input: SyncInput) => void;
  /** The error code of a heartbeat, after the session was refreshed. */
  readonly heartbeat: ErrorCode;
  /** A member has left or was expired. */
  readonly memberGone: (step: Step) => void;
  /** Somebody who was promised a place will not come, or has been waited for long enough. */
  readonly newcomerGone: (step: Step) => void;
  readonly gatheringDue: (step: Step) => void;
  readonly syncDue: (step: Step) => void;
  readonly stored: (step: Step, input: StoredInput) => void;
}

const nothing = (): void => undefined;
const unknownMember = (step: Step, input: JoinInput): void =>
  refuseJoin(step, input, ErrorCode.UNKNOWN_MEMBER_ID);
const refuseSync = (error: ErrorCode) => (step: Step, input: SyncInput) =>
  refuseOrGiveSync(step, input.ticket, error);

export const TRANSITIONS: Record<GroupPhase, Outcomes> = {
  Empty: {
    newcomer: newcomerToEmpty,
    rejoin: unknownMember,
    replacement: unknownMember,
    sync: refuseSync(ErrorCode.UNKNOWN_MEMBER_ID),
    heartbeat: ErrorCode.UNKNOWN_MEMBER_ID,
    memberGone: nothing,
    newcomerGone: nothing,
    gatheringDue: nothing,
    syncDue: nothing,
    stored: nothing,
  },
  PreparingRebalance: {
    newcomer: newcomerToGathering,
    rejoin: rejoinGathering,
    replacement: replaceInGathering,
    sync: refuseSync(ErrorCode.REBALANCE_IN_PROGRESS),
    heartbeat: ErrorCode.REBALANCE_IN_PROGRESS,
    memberGone: maybeGathered,
    newcomerGone: maybeGathered,
    gatheringDue,
    syncDue: nothing,
    stored: nothing,
  },
  CompletingRebalance: {
    newcomer: newcomerToGeneration,
    rejoin: rejoinCompleting,
    replacement: replaceInCompleting,
    sync: acceptSync,
    heartbeat: ErrorCode.NONE,
    memberGone: gatherAgain,
    newcomerGone: nothing,
    gatheringDue: nothing,
    syncDue,
    stored: assignmentsStored,
  },
  Stable: {
    newcomer: newcomerToGeneration,
    rejoin: rejoinStable,
    replacement: replaceInStable,
    sync: answerStableSync,
    heartbeat: ErrorCode.NONE,
    memberGone: gatherAgain,
    newcomerGone: nothing,
    gatheringDue: nothing,
    syncDue,
    stored: replacementStored,
  },
};

export interface Moment {
  /** Monotonic milliseconds, for deadlines. */
  readonly nowMs: number;
  /** Milliseconds since 1970, for what is stored. */
  readonly wallMs: number;
}

export function transition(
  group: Group,
  input: GroupInput,
  settings: SessionSettings,
  moment: Moment,
): readonly GroupEffect[] {
  const step: Step = { group, settings, ...moment, effects: [] };
  if ('connectionId' in input && input.type !== 'disconnected') heard(group, input);
  switch (input.type) {
    case 'join':
      join(step, input);
      break;
    case 'sync':
      sync(step, input);
      break;
    case 'heartbeat':
      heartbeat(step, input);
      break;
    case 'leave':
      leave(step, input);
      break;
    case 'disconnected':
      disconnected(step, input);
      break;
    case 'wake':
      wake(step);
      break;
    case 'stored':
      TRANSITIONS[group.phase].stored(step, input);
      break;
  }
  return step.effects;
}

/** Whatever becomes of the request: whoever sends it lives, and this is now the connection to watch. */
function heard(group: Group, { memberId, connectionId }: JoinInput | SyncInput | HeartbeatInput): void {
  const member = group.members.get(memberId);
  if (member === undefined) return;
  member.connectionId = connectionId;
  member.graceDeadlineMs = undefined;
}

/**
 * A killed process is known by its broken connection long before its session ends. But a broken connection is not
 * yet a dead member: it may come back by another one, and a static member is promised its whole session.
 */
function disconnected({ group, settings, nowMs }: Step, { connectionId }: DisconnectedInput): void {
  if (settings.disconnectGraceMs < 0) return;
  for (const member of group.members.values()) {
    if (member.connectionId !== connectionId || member.instanceId !== null) continue;
    member.graceDeadlineMs = nowMs + settings.disconnectGraceMs;
  }
}

function join(step: Step, input: JoinInput): void {
  const row = TRANSITIONS[step.group.phase];
  const joining = classifyJoin(step, input);
  switch (joining.kind) {
    case 'newcomer':
      row.newcomer(step, input, joining.memberId);
      return;
    case 'rejoin':
      row.rejoin(step, input, joining.member);
      return;
    case 'replacement':
      row.replacement(step, input, joining.old);
      return;
    case 'refused':
      refuseJoin(step, input, joining.error, joining.memberId);
      return;
  }
}

function sync(step: Step, input: SyncInput): void {
  const { group } = step;
  const error = checkMember(group, input);
  const differs = (theirs: string | null, ours: string | null): boolean => theirs !== null && theirs !== ours;
  if (error !== ErrorCode.NONE) refuseSync(error)(step, input);
  else if (
    differs(input.protocolType, group.protocolType) ||
    differs(input.protocolName, group.protocolName)
  ) {
    refuseSync(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)(step, input);
  } else TRANSITIONS[group.phase].sync(step, input);
}

function heartbeat(step: Step, input: HeartbeatInput): void {
  const { group, effects } = step;
  let error = checkMember(group, input);
  if (error === ErrorCode.NONE) {
    error = TRANSITIONS[group.phase].heartbeat;
    const member = group.members.get(input.memberId);
    if (member !== undefined && !member.isNew) refreshSession(step, member);
  }
  effects.push({ type: 'answerHeartbeat', ticket: input.ticket, error });
}

function leave(step: Step, input: LeaveInput): void {
  const { group, effects } = step;
  const before = { members: group.members.size, newcomers: group.newcomers.size };
  const answers = input.members.map((leaving): LeaveAnswer => {
    if (leaving.instanceId === null && group.newcomers.delete(leaving.memberId)) {
      return { ...leaving, error: ErrorCode.NONE };
    }
    const found = findLeaving(group, leaving);
    if (typeof found === 'number') return { ...leaving, error: found };
    dropMember(step, found, ErrorCode.UNKNOWN_MEMBER_ID);
    return { ...leaving, error: ErrorCode.NONE };
  });
  effects.push({ type: 'answerLeave', ticket: input.ticket, answers });
  if (group.members.size < before.members) TRANSITIONS[group.phase].memberGone(step);
  if (group.newcomers.size < before.newcomers) TRANSITIONS[group.phase].newcomerGone(step);
}

/** A static member may be named by its instance alone; an administrator knows no member ids. */
function findLeaving(group: Group, { memberId, instanceId }: Leaving): Member | ErrorCode {
  const id = instanceId === null ? memberId : group.instances.get(instanceId);
  const member = id === undefined ? undefined : group.members.get(id);
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  return instanceId === null || memberId === '' || memberId === id ? member : ErrorCode.FENCED_INSTANCE_ID;
}

/** Everything whose time has come, in the order: who is dead, who will not come, what has been waited for. */
function wake(step: Step): void {
  const { group, nowMs } = step;
  let memberGone = false;
  for (const member of [...group.members.values()]) {
    if (!isOverdue(member, nowMs)) continue;
    dropMember(step, member, ErrorCode.UNKNOWN_MEMBER_ID);
    memberGone = true;
  }
  if (memberGone) TRANSITIONS[group.phase].memberGone(step);
  let newcomerGone = false;
  for (const [memberId, deadlineMs] of group.newcomers) {
    if (deadlineMs <= nowMs) newcomerGone = group.newcomers.delete(memberId);
  }
  if (newcomerGone) TRANSITIONS[group.phase].newcomerGone(step);
  if (group.gathering !== undefined && group.gathering.deadlineMs <= nowMs) {
    TRANSITIONS[group.phase].gatheringDue(step);
  }
  if (group.syncDeadlineMs !== undefined && group.syncDeadlineMs <= nowMs)
    TRANSITIONS[group.phase].syncDue(step);
}

/**
 * G12: whether a commit by this caller is to be taken now. Refreshes the session of a member. `group` is undefined
 * where there is no session: nobody has joined since the group was last empty.
 */
export function admitCommit(
  group: Group | undefined,
  caller: { readonly memberId: string; readonly instanceId: string | null; readonly generation: number },
  nowMs: number,
): ErrorCode {
  const empty = group === undefined || group.phase === 'Empty';
  if (caller.generation < 0 && empty) return ErrorCode.NONE;
  if (group === undefined) return ErrorCode.GROUP_ID_NOT_FOUND;
  const error = checkMember(group, caller);
  if (error !== ErrorCode.NONE) return error;
  const member = group.members.get(caller.memberId);
  if (member !== undefined) member.graceDeadlineMs = undefined;
  if (member !== undefined && !member.isNew) member.sessionDeadlineMs = nowMs + member.sessionTimeoutMs;
  return group.phase === 'CompletingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}
