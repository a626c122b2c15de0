/**
 * The fetch sessions of this broker's followers; consumers get none. Holds one session per follower broker: a new one
 * replaces the old, so there are never more than brokers, and beyond `SESSIONS_MAX` the one unused for longest goes.
 * Called by the Fetch handler with requests whose sender says that it is a replica.
 *
 * What must hold: only a registered broker is a follower, and not one that was registered anew since (KIP-903); a
 * request that does not follow the one before it is refused and ends nothing.
 */
import type { Clock } from '@tidemark/platform';
import { ErrorCode, type FetchRequest, type FetchResponse } from '@tidemark/wire';
import type { BrokerImage } from '../../controller/metadata-image.js';
import type { Tick } from '../../tick.js';
import type { Deadlines } from '../deadlines.js';
import { FollowerSession, type SessionRequest } from './follower-session.js';
import type { Replica } from '../replica.js';
import { SessionPartition } from './session-partition.js';

export interface FetchSessionsOptions {
  readonly clock: Clock;
  readonly tick: Tick;
  readonly deadlines: Deadlines;
  brokers(): ReadonlyMap<number, BrokerImage>;
  /** The replica that leads the partition here, or the error to answer. */
  replicaOf(topicId: string, partition: number): Replica | ErrorCode;
  /** So many bytes of records were answered. */
  onAnswered(bytes: number): void;
}

export interface FollowerAsking {
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

const SESSIONS_MAX = 256;
const NEW = 0;
const FINAL = -1;
const EPOCH_MAX = 2 ** 31 - 1;

export class FetchSessions {
  /** By broker, the one used last at the end. */
  private readonly sessions = new Map<number, FollowerSession>();
  /** When each follower asked last, monotonic milliseconds. */
  private readonly heard = new Map<number, number>();
  private nextId = 1;

  constructor(private readonly options: FetchSessionsOptions) {}

  get count(): number {
    return this.sessions.size;
  }

  /** Answers the request now or when there is news. Returns what hurries the answer. */
  fetch(request: FetchRequest, asking: FollowerAsking, waiting: SessionRequest): (() => void) | undefined {
    const refused = this.refusal(asking);
    const session = refused === ErrorCode.NONE ? this.sessionFor(request, asking) : refused;
    if (typeof session === 'number') {
      waiting.respond({ errorCode: session, sessionId: 0, responses: [] } satisfies FetchResponse);
      return undefined;
    }
    session.brokerEpoch = asking.brokerEpoch;
    this.heard.set(asking.brokerId, this.options.clock.monotonic());
    for (const { topicId, partitions } of request.forgottenTopicsData) {
      for (const partition of partitions) session.forget(topicId, partition);
    }
    for (const { topicId, partitions } of request.topics) {
      for (const asked of partitions) this.ask(session, topicId, asked);
    }
    session.start(waiting);
    return () => session.hurry();
  }

  /** When a follower asked last for anything at all. */
  lastHeardMs(brokerId: number): number {
    return this.heard.get(brokerId) ?? Number.NEGATIVE_INFINITY;
  }

  /** Nobody was silent: it is this process that did not listen. */
  excuseAll(): void {
    const nowMs = this.options.clock.monotonic();
    for (const brokerId of this.sessions.keys()) this.heard.set(brokerId, nowMs);
  }

  /** The broker stops: nobody waits any longer. */
  hurryAll(): void {
    for (const session of this.sessions.values()) session.hurry();
  }

  closeAll(): void {
    for (const session of this.sessions.values()) session.close();
    this.sessions.clear();
  }

  private refusal({ brokerId, brokerEpoch }: FollowerAsking): ErrorCode {
    const broker = this.options.brokers().get(brokerId);
    // Nobody that we know follows this broker: a client that asks for what is not committed.
    if (broker === undefined) return ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
    return brokerEpoch < broker.epoch ? ErrorCode.STALE_BROKER_EPOCH : ErrorCode.NONE;
  }

  private sessionFor(
    { sessionId, sessionEpoch }: FetchRequest,
    { brokerId }: FollowerAsking,
  ): FollowerSession | ErrorCode {
    const known = this.sessions.get(brokerId);
    if (sessionEpoch === NEW || sessionEpoch === FINAL) {
      if (known !== undefined) this.end(known);
      return sessionEpoch === NEW ? this.begin(brokerId) : ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    }
    if (known?.id !== sessionId) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    if (known.nextEpoch !== sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
    known.nextEpoch = sessionEpoch === EPOCH_MAX ? 1 : sessionEpoch + 1;
    this.sessions.delete(brokerId);
    this.sessions.set(brokerId, known);
    return known;
  }

  private begin(brokerId: number): FollowerSession {
    const { tick, deadlines } = this.options;
    const onAnswered = (bytes: number): void => this.options.onAnswered(bytes);
    const [oldest] = this.sessions.values();
    if (oldest !== undefined && this.sessions.size >= SESSIONS_MAX) this.end(oldest);
    const session = new FollowerSession({ id: this.nextId, brokerId, tick, deadlines, onAnswered });
    this.nextId = this.nextId === EPOCH_MAX ? 1 : this.nextId + 1;
    this.sessions.set(brokerId, session);
    return session;
  }

  private end(session: FollowerSession): void {
    this.sessions.delete(session.brokerId);
    session.close();
  }

  private ask(
    session: FollowerSession,
    topicId: string,
    asked: FetchRequest['topics'][number]['partitions'][number],
  ): void {
    const { partition, partitionMaxBytes: bytesMax } = asked;
    const replica = this.options.replicaOf(topicId, partition);
    const place = { ...asked, bytesMax };
    let known = session.find(topicId, partition);
    // The partition may have come to this broker, or gone and come back, since it was asked for first.
    if (known?.replica !== replica) {
      known = new SessionPartition(topicId, partition, replica, place, session);
      session.add(known);
    }
    known.ask(place, session.brokerId, session.brokerEpoch);
  }
}
