/**
 * Copies from one other broker all partitions that it leads and this broker follows, with one long poll over one
 * connection. Holds the fetch session (KIP-227): what the leader has been told, and what it is to be told next. Driven
 * by answers and by replicas whose place in the log has moved; sends at the end of the turn, when what an answer brought
 * is written. Made by `replica-fetchers.ts` for each leader that there is something to follow of.
 *
 * What must hold: each answer is matched with what its request asked; a place is asked for only when everything below
 * is had; at most two requests are under way, the second only to tell what cannot wait for the end of the first one's
 * long poll (the leader answers the first when the second comes).
 */
import { ErrorCode, fetchApi, type DecodedResponse, type EncodableRequest } from '@tidemark/wire';
import type { Logger } from 'pino';
import { PeerFailure } from '../../peers/peer-failure.js';
import type { Peer } from '../../peers/peers.js';
import type { Tick, TickTask } from '../../tick.js';
import type { Deadline, Deadlines } from '../deadlines.js';
import type { FollowerRole } from './follower-role.js';

type FetchAnswer = DecodedResponse<typeof fetchApi>;
type AskedTopic = EncodableRequest<typeof fetchApi>['topics'][number];

export interface ReplicaFetcherOptions {
  readonly leaderId: number;
  readonly brokerId: number;
  readonly peer: Peer;
  readonly tick: Tick;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  /** That this process is registered with; -1: not yet. */
  brokerEpoch(): number;
  onReceived(bytes: number): void;
}

/** Names topics by id and has the replica's epoch in a struct. */
const VERSION = 17;
const MAX_WAIT_MS = 500;
/**
 * Without a byte of an answer: a leader that is well answers after `MAX_WAIT_MS`. A connection that a broken network left
 * behind is given up for a new one by then, which TCP would only try again seconds after the network is back.
 */
const REQUEST_TIMEOUT_MS = 2_000;
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const PARTITION_BYTES_MAX = 1024 * 1024;
/** How long an answer's flushes may hold the next request back, for it to carry their acknowledgements too. */
const HOLD_MS = 20;
const BACK_OFF_MS = { first: 10, last: 500 } as const;
const EPOCH_MAX = 2 ** 31 - 1;

export class ReplicaFetcher implements TickTask {
  scheduled = false;
  private readonly roles = new Map<string, Map<number, FollowerRole>>();
  /** Whose place the leader does not know. */
  private readonly dirty = new Set<FollowerRole>();
  /** Not yet flushed what they got. */
  private readonly unsettled = new Set<FollowerRole>();
  private readonly forgotten = new Map<string, Set<number>>();
  private count = 0;
  private sessionId = 0;
  private sessionEpoch = 0;
  /** Answers of an earlier session are nobody's. */
  private session = 0;
  private underWay = 0;
  private requests = 0;
  private backOffMs = 0;
  private pause: Deadline | undefined;
  private hold: Deadline | undefined;
  private closed = false;

  constructor(private readonly options: ReplicaFetcherOptions) {}

  /** Partitions that it follows. */
  get size(): number {
    return this.count;
  }

  add(role: FollowerRole): void {
    const { topicId, partition } = role.options;
    let topic = this.roles.get(topicId);
    if (topic === undefined) this.roles.set(topicId, (topic = new Map<number, FollowerRole>()));
    if (!topic.has(partition)) this.count += 1;
    topic.set(partition, role);
    this.forgotten.get(topicId)?.delete(partition);
    this.moved(role);
  }

  remove(role: FollowerRole): void {
    const { topicId, partition } = role.options;
    this.dirty.delete(role);
    this.unsettled.delete(role);
    const topic = this.roles.get(topicId);
    if (topic?.get(partition) !== role) return;
    topic.delete(partition);
    this.count -= 1;
    if (topic.size === 0) this.roles.delete(topicId);
    let forgotten = this.forgotten.get(topicId);
    if (forgotten === undefined) this.forgotten.set(topicId, (forgotten = new Set()));
    forgotten.add(partition);
  }

  /** The log of a follower may have moved on: cheap, for every tick of every follower comes here. */
  moved(role: FollowerRole): void {
    if (role.closed) return;
    if (role.tookBack) {
      role.tookBack = false;
      this.askLater(role);
      return;
    }
    if (!role.isAhead) return;
    if (!role.isSettled) {
      this.unsettled.add(role);
      return;
    }
    this.unsettled.delete(role);
    this.dirty.add(role);
    this.options.tick.scheduleSend(this);
  }

  runTick(): void {
    if (this.closed || this.pause !== undefined || this.count === 0) return;
    if (this.options.brokerEpoch() < 0) {
      this.pauseFor(BACK_OFF_MS.first);
      return;
    }
    if (this.underWay === 0) {
      if (this.mustHold()) return;
      this.send();
    } else if (this.underWay === 1 && this.sessionId !== 0 && this.dirty.size > 0) this.send();
  }

  close(): void {
    this.closed = true;
    for (const deadline of [this.pause, this.hold]) {
      if (deadline !== undefined) this.options.deadlines.cancel(deadline);
    }
  }

  /** What an answer brought is being flushed, and there is nothing else to tell: the next request takes it along. */
  private mustHold(): boolean {
    if (this.unsettled.size === 0 || this.dirty.size > 0) {
      if (this.hold !== undefined) this.options.deadlines.cancel(this.hold);
      this.hold = undefined;
      return false;
    }
    this.hold ??= this.options.deadlines.set(HOLD_MS, () => {
      if (this.closed) return;
      if (this.underWay === 0 && this.pause === undefined) this.send();
      this.hold = undefined;
    });
    return true;
  }

  private send(): void {
    const { brokerId, peer } = this.options;
    const number = ++this.requests;
    const { session } = this;
    const request = {
      replicaState: { replicaId: brokerId, replicaEpoch: this.options.brokerEpoch() },
      maxWaitMs: MAX_WAIT_MS,
      minBytes: 1,
      maxBytes: ANSWER_BYTES_MAX,
      sessionId: this.sessionId,
      sessionEpoch: this.sessionEpoch,
      topics: this.takeDirty(number),
      forgottenTopicsData: this.takeForgotten(),
    };
    if (this.sessionId !== 0) this.sessionEpoch = this.sessionEpoch === EPOCH_MAX ? 1 : this.sessionEpoch + 1;
    this.underWay += 1;
    peer.request(fetchApi, VERSION, request, REQUEST_TIMEOUT_MS, (answer) => {
      this.underWay -= 1;
      if (this.closed || session !== this.session) return;
      this.take(answer, number);
      this.options.tick.scheduleSend(this);
    });
  }

  private takeDirty(requestNumber: number): AskedTopic[] {
    const topics = new Map<string, AskedTopic['partitions'][number][]>();
    for (const role of this.dirty) {
      role.asked(requestNumber);
      const { topicId, partition, leaderEpoch: currentLeaderEpoch, log } = role.options;
      const asked = {
        partition,
        currentLeaderEpoch,
        fetchOffset: role.fetchOffset,
        lastFetchedEpoch: role.lastFetchedEpoch,
        logStartOffset: log.logStartOffset,
        partitionMaxBytes: PARTITION_BYTES_MAX,
      };
      const known = topics.get(topicId);
      if (known === undefined) topics.set(topicId, [asked]);
      else known.push(asked);
    }
    this.dirty.clear();
    return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
  }

  private takeForgotten() {
    const forgotten = [...this.forgotten].map(([topicId, partitions]) => ({
      topicId,
      partitions: [...partitions],
    }));
    this.forgotten.clear();
    // A new session knows of nothing to forget.
    return this.sessionId === 0 ? [] : forgotten.filter(({ partitions }) => partitions.length > 0);
  }

  private take(answer: FetchAnswer | PeerFailure, requestNumber: number): void {
    if (answer instanceof PeerFailure) {
      this.beginSession(answer.toString());
      return;
    }
    if (answer.errorCode !== ErrorCode.NONE) {
      this.beginSession(`error ${answer.errorCode}`);
      return;
    }
    this.backOffMs = 0;
    if (this.sessionId === 0) {
      this.sessionId = answer.sessionId;
      this.sessionEpoch = 1;
    }
    for (const { topicId, partitions } of answer.responses) {
      const topic = this.roles.get(topicId);
      for (const partition of partitions) {
        const role = topic?.get(partition.partitionIndex);
        if (role === undefined) continue;
        this.options.onReceived(partition.records?.length ?? 0);
        const reaction = role.take(partition, requestNumber);
        if (reaction === 'pause') this.askLater(role);
      }
    }
  }

  /** The leader keeps nothing of this follower: all is asked for anew, after a pause. */
  private beginSession(why: string): void {
    const { leaderId, logger } = this.options;
    logger.debug({ leaderId, why }, 'fetch session ended');
    this.session += 1;
    this.sessionId = this.sessionEpoch = 0;
    for (const topic of this.roles.values()) {
      for (const role of topic.values()) {
        role.askedOffset = -1;
        this.moved(role);
      }
    }
    this.backOffMs = Math.min(BACK_OFF_MS.last, Math.max(BACK_OFF_MS.first, this.backOffMs * 2));
    this.pauseFor(this.backOffMs);
  }

  private pauseFor(delayMs: number): void {
    this.pause ??= this.options.deadlines.set(delayMs, () => {
      this.pause = undefined;
      this.options.tick.scheduleSend(this);
    });
  }

  /** One partition had an error: the others go on, it is asked for again after a while. */
  private askLater(role: FollowerRole): void {
    this.options.deadlines.set(role.backOff(BACK_OFF_MS), () => {
      role.askedOffset = -1;
      if (this.roles.get(role.options.topicId)?.get(role.options.partition) === role) this.moved(role);
    });
  }
}
