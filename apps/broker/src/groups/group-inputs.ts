/**
 * What can happen to a group session, and what it wants done about it. Plain data on both sides: `group-session.ts`
 * turns one into the other, `group-coordinator.ts` makes the inputs from requests, timers and appends, and carries the
 * effects out.
 */
import type { ErrorCode } from '@tidemark/wire';
import type { StoredGroup } from './group-events.js';
import type { Group, MemberProtocol, Ticket } from './group-members.js';

/** Where a request of a member came from; a `RequestContext` is one. */
export interface Caller {
  readonly connectionId: number;
  onClosed(listener: (byPeer: boolean) => void): void;
}

export interface JoinInput {
  readonly type: 'join';
  readonly ticket: Ticket;
  readonly connectionId: number;
  /** '' for somebody who was never here. */
  readonly memberId: string;
  /** The id to give if one is needed; made by the caller, because a transition draws no random numbers. */
  readonly proposedMemberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
  /** From version 4 on: a newcomer is given an id and must come back with it. */
  readonly comesTwice: boolean;
  readonly skipsAssignment: boolean;
}

export interface SyncInput {
  readonly type: 'sync';
  readonly ticket: Ticket;
  readonly connectionId: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
  /** Null below version 5. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: ReadonlyMap<string, Uint8Array>;
}

export interface HeartbeatInput {
  readonly type: 'heartbeat';
  readonly ticket: Ticket;
  readonly connectionId: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
}

export interface Leaving {
  readonly memberId: string;
  readonly instanceId: string | null;
}

export interface LeaveInput {
  readonly type: 'leave';
  readonly ticket: Ticket;
  readonly members: readonly Leaving[];
}

/** The peer has closed a connection, or it broke; not one that this broker closed. */
export interface DisconnectedInput {
  readonly type: 'disconnected';
  readonly connectionId: number;
}

/** Some deadline may have passed. */
export interface WakeInput {
  readonly type: 'wake';
}

/** What became of a `store` effect. */
export interface StoredInput {
  readonly type: 'stored';
  readonly token: number;
  readonly error: ErrorCode;
}

export type GroupInput =
  JoinInput | SyncInput | HeartbeatInput | LeaveInput | DisconnectedInput | WakeInput | StoredInput;

export interface JoinAnswer {
  readonly error: ErrorCode;
  readonly memberId: string;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leaderId: string;
  readonly skipAssignment: boolean;
  /** For the leader only. */
  readonly members: readonly { memberId: string; instanceId: string | null; metadata: Uint8Array }[];
}

export interface SyncAnswer {
  readonly error: ErrorCode;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

export interface LeaveAnswer extends Leaving {
  readonly error: ErrorCode;
}

export type GroupEffect =
  | { readonly type: 'answerJoin'; readonly ticket: Ticket; readonly answer: JoinAnswer }
  | { readonly type: 'answerSync'; readonly ticket: Ticket; readonly answer: SyncAnswer }
  | { readonly type: 'answerHeartbeat'; readonly ticket: Ticket; readonly error: ErrorCode }
  | { readonly type: 'answerLeave'; readonly ticket: Ticket; readonly answers: readonly LeaveAnswer[] }
  /** Append the group to the log and come back with a `stored` input of the same token. */
  | { readonly type: 'store'; readonly token: number; readonly group: StoredGroup };

export interface SessionSettings {
  /** group.initial.rebalance.delay.ms */
  readonly initialDelayMs: number;
  /** group.max.size */
  readonly membersMax: number;
  /** group.disconnect.grace.ms; -1 leaves everything to the session timeout */
  readonly disconnectGraceMs: number;
}

/** One transition while it happens. */
export interface Step {
  readonly group: Group;
  readonly settings: SessionSettings;
  /** Monotonic milliseconds, for deadlines. */
  readonly nowMs: number;
  /** Milliseconds since 1970, for what is stored. */
  readonly wallMs: number;
  readonly effects: GroupEffect[];
}
