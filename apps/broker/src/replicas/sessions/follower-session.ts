/**
 * One follower's fetch session (KIP-227): the partitions that another broker copies from this one, so that each of its
 * requests names only those whose place has changed, and each answer only those with news. Holds the partitions, what
 * is to be told, and the request that waits for news. One per follower broker, kept by `fetch-sessions.ts`; woken by
 * replicas through its partitions, at most once per turn.
 *
 * What must hold: work per answer is for partitions with news, however many the session has; a request is answered
 * once; a partition that did not fit into an answer comes first in the next; records are not copied, and given back
 * once, when the answer has left.
 */
import { ErrorCode, type FetchResponse } from '@tidemark/wire';
import type { Tick, TickTask } from '../../tick.js';
import type { Deadline, Deadlines } from '../deadlines.js';
import type { SessionNews, SessionPartition } from './session-partition.js';

type TopicAnswer = FetchResponse['responses'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

export interface SessionRequest {
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  /** The broker stops, or nobody waits for the answer any more. */
  isPointless(): boolean;
  /** Before `respond`: calls back when the answer has left, and its bytes may be given back. */
  onSent(listener: () => void): void;
  respond(response: FetchResponse): void;
}

export interface FollowerSessionOptions {
  readonly id: number;
  readonly brokerId: number;
  readonly tick: Tick;
  readonly deadlines: Deadlines;
  readonly onAnswered: (bytes: number) => void;
}

const NO_RECORDS = new Uint8Array(0);

export class FollowerSession implements TickTask, SessionNews {
  scheduled = false;
  brokerEpoch = -1;
  /** Of the request that must come next. */
  nextEpoch = 1;
  private readonly partitions = new Map<string, SessionPartition>();
  private due: SessionPartition[] = [];
  private readonly mentions = new Set<SessionPartition>();
  private waiting: SessionRequest | undefined;
  private deadline: Deadline | undefined;
  private reading = false;
  private closed = false;

  constructor(private readonly options: FollowerSessionOptions) {}

  get id(): number {
    return this.options.id;
  }

  get brokerId(): number {
    return this.options.brokerId;
  }

  get size(): number {
    return this.partitions.size;
  }

  find(topicId: string, partition: number): SessionPartition | undefined {
    return this.partitions.get(keyOf(topicId, partition));
  }

  add(partition: SessionPartition): void {
    this.forget(partition.topicId, partition.partition);
    this.partitions.set(keyOf(partition.topicId, partition.partition), partition);
  }

  forget(topicId: string, partition: number): void {
    const known = this.find(topicId, partition);
    if (known === undefined) return;
    this.partitions.delete(keyOf(topicId, partition));
    this.mentions.delete(known);
    this.due = this.due.filter((other) => other !== known);
    known.close();
  }

  answerDue(partition: SessionPartition): void {
    if (!partition.queued) {
      partition.queued = true;
      this.due.push(partition);
    }
    if (this.waiting !== undefined) this.options.tick.scheduleSend(this);
  }

  mentionable(partition: SessionPartition): void {
    this.mentions.add(partition);
  }

  /** Answers when there is news, at the latest after `maxWaitMs`. */
  start(request: SessionRequest): void {
    if (this.waiting !== undefined) {
      request.respond({ errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, sessionId: 0, responses: [] });
      return;
    }
    this.waiting = request;
    if (this.due.length > 0 || request.maxWaitMs <= 0) this.answer();
    else this.deadline = this.options.deadlines.set(request.maxWaitMs, () => this.answer());
  }

  /** Whoever waits is answered now: another request of the follower waits behind it, or the broker stops. */
  hurry(): void {
    if (this.waiting !== undefined && !this.reading) this.answer();
  }

  runTick(): void {
    if (this.waiting !== undefined && !this.reading && this.due.length > 0) this.answer();
  }

  close(): void {
    this.closed = true;
    for (const partition of this.partitions.values()) partition.close();
    this.partitions.clear();
    this.due = [];
    this.mentions.clear();
    if (!this.reading) this.respond([]);
  }

  private answer(): void {
    const request = this.waiting;
    if (request === undefined || this.reading) return;
    const told: SessionPartition[] = [];
    const later: Promise<void>[] = [];
    let left = request.isPointless() ? 0 : request.maxBytes;
    const { due } = this;
    this.due = [];
    for (const partition of due) {
      partition.look(this.brokerId);
      const bytes = partition.read.available();
      if (bytes > 0 && left <= 0) {
        this.due.push(partition);
        continue;
      }
      partition.queued = false;
      this.mentions.delete(partition);
      told.push(partition);
      if (bytes === 0) continue;
      const pending = partition.read.read(left, left === request.maxBytes);
      if (pending !== undefined) later.push(pending);
      left -= partition.read.result?.bytes.length ?? partition.read.asked.bytesMax;
    }
    this.addMentions(told);
    if (later.length === 0) this.respond(told);
    else {
      this.reading = true;
      void Promise.all(later).then(() => {
        this.reading = false;
        this.respond(told);
      });
    }
  }

  private addMentions(told: SessionPartition[]): void {
    for (const partition of this.mentions) {
      if (partition.queued || partition.answered) continue;
      partition.look(this.brokerId);
      if (partition.read.decided || partition.hasMention) told.push(partition);
    }
    this.mentions.clear();
  }

  private respond(told: readonly SessionPartition[]): void {
    const request = this.waiting;
    if (request === undefined) return;
    this.waiting = undefined;
    if (this.deadline !== undefined) this.options.deadlines.cancel(this.deadline);
    this.deadline = undefined;
    const errorCode = this.closed ? ErrorCode.FETCH_SESSION_ID_NOT_FOUND : ErrorCode.NONE;
    const responses = this.closed ? [] : answersOf(told);
    const lent = told.flatMap(({ read }) => read.result ?? []);
    if (lent.length > 0) request.onSent(() => lent.forEach((result) => result.release()));
    request.respond({ errorCode, sessionId: this.closed ? 0 : this.id, responses });
    for (const partition of told) {
      this.options.onAnswered(partition.read.result?.bytes.length ?? 0);
      partition.sent();
    }
  }
}

function answersOf(told: readonly SessionPartition[]): TopicAnswer[] {
  const topics = new Map<string, PartitionAnswer[]>();
  for (const partition of told) {
    const known = topics.get(partition.topicId);
    const answer = answerOf(partition);
    if (known === undefined) topics.set(partition.topicId, [answer]);
    else known.push(answer);
  }
  return [...topics].map(([topicId, partitions]) => ({ topic: '', topicId, partitions }));
}

function answerOf({ read }: SessionPartition): PartitionAnswer {
  const { error, highWatermark, lastStableOffset, logStartOffset, diverging } = read;
  return {
    partitionIndex: read.partition,
    errorCode: error,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    records: read.result?.bytes ?? NO_RECORDS,
    ...(diverging === undefined ? {} : { divergingEpoch: diverging }),
  };
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}
