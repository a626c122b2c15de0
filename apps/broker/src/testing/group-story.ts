/**
 * A consumer group in a spec, told as a story: members join, sync, beat, leave, time passes. Runs the real transition
 * with a clock of its own and keeps every answer; a request that is answered twice fails the spec.
 */
import { ErrorCode } from '@tidemark/wire';
import type {
  GroupEffect,
  JoinAnswer,
  JoinInput,
  LeaveAnswer,
  SessionSettings,
  SyncAnswer,
  SyncInput,
} from '../groups/group-inputs.js';
import { emptyGroup, nextWakeMs } from '../groups/group-members.js';
import type { Group } from '../groups/group-members.js';
import { transition } from '../groups/group-session.js';

const { NONE } = ErrorCode;

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

export type JoinRest = Partial<Omit<JoinInput, 'type' | 'ticket'>>;
export type SyncRest = Partial<Omit<SyncInput, 'type' | 'ticket' | 'assignments'>>;

/** A group, its clock, and everything that was answered. Wakes exactly when the group asks for it. */
export class Story {
  group: Group;
  nowMs = 1000;
  /** By which the next requests come. */
  connectionId = 1;
  readonly joins = new Map<number, JoinAnswer>();
  readonly syncs = new Map<number, SyncAnswer>();
  readonly stores: Extract<GroupEffect, { type: 'store' }>[] = [];
  #ticket = 0;
  #ids = 0;
  #heartbeat: ErrorCode = NONE;
  #leave: readonly LeaveAnswer[] = [];

  readonly settings: SessionSettings;

  constructor(settings: Partial<SessionSettings> = {}, group = emptyGroup('g')) {
    this.settings = { initialDelayMs: 0, membersMax: 100, disconnectGraceMs: 500, ...settings };
    this.group = group;
  }

  #input(input: Parameters<typeof transition>[1]): void {
    const effects = transition(this.group, input, this.settings, {
      nowMs: this.nowMs,
      wallMs: 1_000_000 + this.nowMs,
    });
    for (const effect of effects) {
      if (effect.type === 'answerJoin') this.#once(this.joins, effect.ticket, effect.answer);
      else if (effect.type === 'answerSync') this.#once(this.syncs, effect.ticket, effect.answer);
      else if (effect.type === 'answerHeartbeat') this.#heartbeat = effect.error;
      else if (effect.type === 'answerLeave') this.#leave = effect.answers;
      else this.stores.push(effect);
    }
  }

  #once<T>(answers: Map<number, T>, ticket: number, answer: T): void {
    expect(answers.has(ticket)).toBe(false);
    answers.set(ticket, answer);
  }

  /** Returns the ticket. The subscription is the first protocol's metadata. */
  join(rest: JoinRest & { subscription?: string } = {}): number {
    const { subscription = 's', ...given } = rest;
    this.#input({
      type: 'join',
      ticket: ++this.#ticket,
      connectionId: this.connectionId,
      memberId: '',
      proposedMemberId: `m${++this.#ids}`,
      instanceId: null,
      clientId: 'c',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: bytes(subscription) }],
      comesTwice: false,
      skipsAssignment: false,
      ...given,
    });
    return this.#ticket;
  }

  sync(memberId: string, assignments: Record<string, string> = {}, rest: SyncRest = {}): number {
    this.#input({
      type: 'sync',
      ticket: ++this.#ticket,
      connectionId: this.connectionId,
      memberId,
      instanceId: null,
      generation: this.group.generation,
      protocolType: null,
      protocolName: null,
      assignments: new Map(Object.entries(assignments).map(([id, value]) => [id, bytes(value)])),
      ...rest,
    });
    return this.#ticket;
  }

  heartbeat(
    memberId: string,
    generation = this.group.generation,
    instanceId: string | null = null,
  ): ErrorCode {
    const { connectionId } = this;
    this.#input({
      type: 'heartbeat',
      ticket: ++this.#ticket,
      connectionId,
      memberId,
      generation,
      instanceId,
    });
    return this.#heartbeat;
  }

  leave(...members: { memberId: string; instanceId: string | null }[]): ErrorCode[] {
    this.#input({ type: 'leave', ticket: ++this.#ticket, members });
    return this.#leave.map(({ error }) => error);
  }

  /** The peer closes a connection. */
  disconnect(connectionId: number): void {
    this.#input({ type: 'disconnected', connectionId });
  }

  stored(error: ErrorCode = NONE, token = this.stores.at(-1)?.token ?? -1): void {
    this.#input({ type: 'stored', token, error });
  }

  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (
      let next = nextWakeMs(this.group);
      next !== undefined && next <= until;
      next = nextWakeMs(this.group)
    ) {
      this.nowMs = Math.max(this.nowMs, next);
      this.#input({ type: 'wake' });
    }
    this.nowMs = until;
  }

  /** Members `m1` .. `mN` in a stable generation, `m1` leading. */
  static stable(count: number, rest: JoinRest = {}): Story {
    const story = new Story();
    for (let index = 1; index <= count; index++) story.join({ ...rest, ...staticOf(rest, index) });
    story.advance(0);
    for (let index = 2; index <= count; index++) story.sync(`m${index}`);
    story.sync('m1', Object.fromEntries(story.ids.map((id) => [id, `a-${id}`])));
    story.stored();
    expect(story.group.phase).toBe('Stable');
    return story;
  }

  get ids(): string[] {
    return [...this.group.members.keys()];
  }
}

const staticOf = (rest: JoinRest, index: number): JoinRest =>
  rest.instanceId === undefined ? {} : { instanceId: `${rest.instanceId}${index}` };
