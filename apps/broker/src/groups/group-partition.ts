/**
 * The coordinator of all groups of one `__consumer_offsets` partition, for as long as this broker leads it: a shard
 * with what is stored, the sessions with what is not, and whoever waits for an answer. Carries out what
 * `group-session.ts` wants done: answers, appends, one timer per group. Made by `Shards` at take-over, closed with the
 * leadership; everybody who waits is then sent to look for the new coordinator.
 */
import { Shard } from '@tidemark/decider';
import type { ShardFailure } from '@tidemark/decider';
import type { Clock, Timer } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/wire';
import type { Logger } from 'pino';
import { PartitionEventLog } from '../coordinators/partition-event-log.js';
import type { OwnedPartition } from '../coordinators/shards.js';
import type { Replica } from '../replicas/replica.js';
import { GroupConnections } from './group-connections.js';
import type { GroupEvent } from './group-events.js';
import type {
  Caller,
  GroupEffect,
  GroupInput,
  HeartbeatInput,
  JoinAnswer,
  JoinInput,
  LeaveAnswer,
  LeaveInput,
  SessionSettings,
  SyncAnswer,
  SyncInput,
} from './group-inputs.js';
import { emptyGroup, nextWakeMs, restoredGroup } from './group-members.js';
import type { Group, Ticket } from './group-members.js';
import { groupOffsetsDecider } from './group-offsets.decider.js';
import type {
  GroupOffsetsCommand,
  GroupOffsetsReply,
  GroupOffsetsState,
  GroupRecords,
} from './group-offsets.decider.js';
import { failedJoin } from './group-rebalance.js';
import { groupEventCodec } from './group-records.js';
import { transition } from './group-session.js';

export interface GroupPartitionOptions {
  readonly replica: Replica;
  readonly leaderEpoch: number;
  readonly settings: SessionSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The log of the partition has failed or has another leader: nothing can be stored here any more. */
  readonly onStopped: (error: Error) => void;
}

/** An input without what the partition knows itself. */
type Asked<Input> = Omit<Input, 'type' | 'ticket' | 'connectionId'>;

const from = ({ connectionId }: Caller): { readonly connectionId: number } => ({ connectionId });

interface Session {
  readonly group: Group;
  timer: Timer | undefined;
  timerAtMs: number;
  /** Stores on their way or failed: what the log says is older than the group. */
  unstored: number;
}

/** What a client is told when a command got no answer. `in-doubt` is retriable too: a commit twice is a commit. */
const FAILURES: Record<ShardFailure, ErrorCode> = {
  overloaded: ErrorCode.COORDINATOR_NOT_AVAILABLE,
  'not-owner': ErrorCode.NOT_COORDINATOR,
  refused: ErrorCode.COORDINATOR_NOT_AVAILABLE,
  'too-large': ErrorCode.INVALID_COMMIT_OFFSET_SIZE,
  'in-doubt': ErrorCode.COORDINATOR_NOT_AVAILABLE,
};

const NOTHING = new Uint8Array();

export class GroupPartition implements OwnedPartition {
  readonly #shard: Shard<GroupOffsetsState, GroupOffsetsCommand, GroupEvent, GroupOffsetsReply, never>;
  readonly #sessions = new Map<string, Session>();
  readonly #joins = new Map<Ticket, (answer: JoinAnswer) => void>();
  readonly #syncs = new Map<Ticket, (answer: SyncAnswer) => void>();
  readonly #heartbeats = new Map<Ticket, (error: ErrorCode) => void>();
  readonly #leaves = new Map<Ticket, (answers: readonly LeaveAnswer[]) => void>();
  readonly #connections = new GroupConnections((groupId, connectionId) => {
    const session = this.#sessions.get(groupId);
    if (session !== undefined) this.#input(session, { type: 'disconnected', connectionId });
  });
  #lastTicket = 0;

  constructor(private readonly options: GroupPartitionOptions) {
    const { replica, clock, logger, leaderEpoch } = options;
    this.#shard = new Shard({
      decider: groupOffsetsDecider,
      log: new PartitionEventLog({ replica, codec: groupEventCodec, clock, logger, leaderEpoch }),
      keyOf: ({ groupId }) => groupId,
      // One decision, one batch: a commit that is too large is refused alone. The log writes a turn's batches at once.
      batchEventsMax: 1,
      appendsInFlightMax: 1024,
      onReady: (state) => this.#restore(state),
      onStopped: options.onStopped,
    });
  }

  get leaderEpoch(): number {
    return this.options.leaderEpoch;
  }

  start(): void {
    this.#shard.start();
  }

  close(): void {
    this.#shard.stop();
    for (const { timer } of this.#sessions.values()) timer?.cancel();
    this.#sessions.clear();
    this.#connections.clear();
    const error = ErrorCode.NOT_COORDINATOR;
    for (const answer of take(this.#joins)) answer(failedJoin(error, ''));
    for (const answer of take(this.#syncs)) {
      answer({ error, protocolType: null, protocolName: null, assignment: NOTHING });
    }
  }

  /** `NONE`, or why nothing can be answered here now. */
  get availability(): ErrorCode {
    if (this.#shard.phase === 'stopped') return ErrorCode.NOT_COORDINATOR;
    return this.#shard.phase === 'loading' ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NONE;
  }

  /** What is stored; groups without a record are not in it. */
  get stored(): GroupOffsetsState {
    return this.#shard.state;
  }

  recordsOf(groupId: string): GroupRecords | undefined {
    return this.#shard.state.get(groupId);
  }

  /** The group as it lives; for one that is stored and that nobody uses, as an empty one. */
  groupOf(groupId: string): Group | undefined {
    const session = this.#sessions.get(groupId);
    if (session !== undefined) return session.group;
    const records = this.recordsOf(groupId);
    return records === undefined ? undefined : emptyGroup(groupId, records.group);
  }

  groupIds(): Set<string> {
    return new Set([...this.#sessions.keys(), ...this.#shard.state.keys()]);
  }

  join(groupId: string, caller: Caller, input: Asked<JoinInput>, done: (answer: JoinAnswer) => void): void {
    // Somebody who brings an id has been here before; a group that does not know it is not made for it.
    if (input.memberId !== '' && this.groupOf(groupId) === undefined) {
      done(failedJoin(ErrorCode.UNKNOWN_MEMBER_ID, input.memberId));
      return;
    }
    const ticket = this.#ticket(this.#joins, done);
    this.#request(this.#session(groupId), caller, { type: 'join', ticket, ...input, ...from(caller) });
  }

  sync(groupId: string, caller: Caller, input: Asked<SyncInput>, done: (answer: SyncAnswer) => void): void {
    const session = this.#sessions.get(groupId);
    if (session === undefined) {
      const error = ErrorCode.UNKNOWN_MEMBER_ID;
      done({ error, protocolType: null, protocolName: null, assignment: NOTHING });
      return;
    }
    const ticket = this.#ticket(this.#syncs, done);
    this.#request(session, caller, { type: 'sync', ticket, ...input, ...from(caller) });
  }

  heartbeat(
    groupId: string,
    caller: Caller,
    input: Asked<HeartbeatInput>,
    done: (error: ErrorCode) => void,
  ): void {
    const session = this.#sessions.get(groupId);
    if (session === undefined) {
      done(ErrorCode.UNKNOWN_MEMBER_ID);
      return;
    }
    const ticket = this.#ticket(this.#heartbeats, done);
    this.#request(session, caller, { type: 'heartbeat', ticket, ...input, ...from(caller) });
  }

  leave(
    groupId: string,
    members: LeaveInput['members'],
    done: (answers: readonly LeaveAnswer[]) => void,
  ): void {
    const session = this.#sessions.get(groupId);
    if (session === undefined) {
      done(members.map((member) => ({ ...member, error: ErrorCode.UNKNOWN_MEMBER_ID })));
      return;
    }
    this.#input(session, { type: 'leave', ticket: this.#ticket(this.#leaves, done), members });
  }

  /** Appends what the command decides; `done` when it is committed and folded, or will not be. */
  submit(command: GroupOffsetsCommand, done: (error: ErrorCode, removed: number) => void): void {
    this.#shard.submit(command, (outcome) => {
      if ('failed' in outcome) done(FAILURES[outcome.failed], 0);
      else if ('reply' in outcome) done(ErrorCode.NONE, outcome.reply);
    });
  }

  /** For a group that has no members: what is known of it beyond the log is forgotten. */
  dropSession(groupId: string): void {
    this.#sessions.get(groupId)?.timer?.cancel();
    this.#sessions.delete(groupId);
    this.#connections.forget(groupId);
  }

  #restore(state: GroupOffsetsState): void {
    const nowMs = this.options.clock.monotonic();
    for (const [groupId, { group }] of state) {
      if (group === undefined || group.members.length === 0) continue;
      const session = {
        group: restoredGroup(groupId, group, nowMs),
        timer: undefined,
        timerAtMs: 0,
        unstored: 0,
      };
      this.#sessions.set(groupId, session);
      this.#arm(session);
    }
  }

  #session(groupId: string): Session {
    let session = this.#sessions.get(groupId);
    if (session === undefined) {
      const group = emptyGroup(groupId, this.recordsOf(groupId)?.group);
      session = { group, timer: undefined, timerAtMs: Infinity, unstored: 0 };
      this.#sessions.set(groupId, session);
    }
    return session;
  }

  #ticket<Answer>(waiting: Map<Ticket, Answer>, done: Answer): Ticket {
    this.#lastTicket += 1;
    waiting.set(this.#lastTicket, done);
    return this.#lastTicket;
  }

  /** The connection is watched from before the request is answered: a group may be gone with its last member. */
  #request(session: Session, caller: Caller, input: GroupInput): void {
    this.#connections.seen(session.group.groupId, caller);
    this.#input(session, input);
  }

  #input(session: Session, input: GroupInput): void {
    const { clock, settings } = this.options;
    const moment = { nowMs: clock.monotonic(), wallMs: clock.now() };
    const effects = transition(session.group, input, settings, moment);
    // Heartbeats only put deadlines off: a timer that comes too early finds nothing to do and is set again.
    if (input.type !== 'heartbeat') this.#arm(session);
    for (const effect of effects) this.#perform(session, effect);
    this.#maybeForget(session);
  }

  #perform(session: Session, effect: GroupEffect): void {
    switch (effect.type) {
      case 'answerJoin':
        takeOne(this.#joins, effect.ticket)?.(effect.answer);
        return;
      case 'answerSync':
        takeOne(this.#syncs, effect.ticket)?.(effect.answer);
        return;
      case 'answerHeartbeat':
        takeOne(this.#heartbeats, effect.ticket)?.(effect.error);
        return;
      case 'answerLeave':
        takeOne(this.#leaves, effect.ticket)?.(effect.answers);
        return;
      case 'store':
        this.#store(session, effect);
        return;
    }
  }

  #store(session: Session, { token, group }: Extract<GroupEffect, { type: 'store' }>): void {
    const { groupId } = session.group;
    session.unstored += 1;
    this.submit({ type: 'StoreGroup', groupId, group }, (error) => {
      if (error === ErrorCode.NONE) session.unstored = 0;
      else this.options.logger.warn({ groupId, error }, 'a generation could not be stored');
      const tooLarge = error === ErrorCode.INVALID_COMMIT_OFFSET_SIZE;
      // A closed coordinator has answered everybody and forgotten its sessions.
      if (this.#sessions.get(groupId) !== session) return;
      this.#input(session, {
        type: 'stored',
        token,
        error: tooLarge ? ErrorCode.UNKNOWN_SERVER_ERROR : error,
      });
    });
  }

  #arm(session: Session): void {
    const next = nextWakeMs(session.group) ?? Infinity;
    if (session.timer !== undefined && session.timerAtMs <= next) return;
    session.timer?.cancel();
    session.timer = undefined;
    session.timerAtMs = next;
    if (next === Infinity) return;
    const delayMs = Math.max(0, Math.min(next - this.options.clock.monotonic(), 2 ** 31 - 1));
    session.timer = this.options.clock.setTimer(delayMs, () => {
      session.timer = undefined;
      if (this.#sessions.get(session.group.groupId) === session) this.#input(session, { type: 'wake' });
    });
  }

  /** An empty group is what the log says it is; its session can go once the log says so. */
  #maybeForget(session: Session): void {
    const { group, unstored } = session;
    if (group.phase !== 'Empty' || group.newcomers.size > 0 || unstored > 0) return;
    if (this.#sessions.get(group.groupId) === session) this.dropSession(group.groupId);
  }
}

function takeOne<Answer>(waiting: Map<Ticket, Answer>, ticket: Ticket): Answer | undefined {
  const answer = waiting.get(ticket);
  waiting.delete(ticket);
  return answer;
}

function take<Answer>(waiting: Map<Ticket, Answer>): Answer[] {
  const answers = [...waiting.values()];
  waiting.clear();
  return answers;
}
