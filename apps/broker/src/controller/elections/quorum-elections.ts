/**
 * Elections of quorum partitions, on the active controller. A partition without a leader is fenced at the next epoch:
 * FencePartitions to its eligible replicas, all partitions of a broker in one request, asked again until they answer;
 * when a majority has, `quorum-choice.ts` says who leads, and the decider commits it at exactly that epoch. Holds the
 * elections under way: what each replica has answered for that epoch.
 *
 * What must hold: an answer counts for the epoch that it was given for and for no other; a leader that is given up or
 * taken over (a new controller, another fence) begins a new election from nothing, which is safe at the same epoch too,
 * because nobody has led it.
 */
import type { Clock } from '@tidemark/platform';
import { ErrorCode, errorName, fencePartitionsApi } from '@tidemark/wire';
import type { DecodedResponse, FencePartitionsRequest } from '@tidemark/wire';
import type { Logger } from 'pino';
import { PeerFailure } from '../../peers/peer-failure.js';
import type { Peers } from '../../peers/peers.js';
import type { Deadline, Deadlines } from '../../replicas/deadlines.js';
import type { Controller } from '../controller.js';
import { replicationProtocol } from '../metadata-image.js';
import type { PartitionImage, TopicImage } from '../metadata-image.js';
import type { CompletedElection } from './complete-elections.js';
import { chooseQuorumLeader } from './quorum-choice.js';
import type { LogPosition } from './quorum-choice.js';

export interface QuorumElectionsOptions {
  readonly controller: Pick<
    Controller,
    'image' | 'submit' | 'listen' | 'onActive' | 'active' | 'leaderEpoch'
  >;
  readonly peers: Pick<Peers, 'to'>;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  readonly brokerId: number;
  readonly clusterId: string;
}

const VERSION = 0;
/** A replica writes the fence to its disk before it answers. */
const FENCE_TIMEOUT_MS = 1_000;
const RETRY_MS = 25;
const RETRY_MAX_MS = 400;
/** How long a majority waits for the others, the preferred leader among them. */
const STRAGGLERS_MS = 30;
/** Partitions in one request or command; the others go in the next. */
const PARTITIONS_MAX = 2_000;

interface Election {
  readonly topicId: string;
  readonly partition: number;
  readonly epoch: number;
  readonly answers: Map<number, LogPosition>;
  /** When a leader could be chosen first, monotonic; undefined before. */
  chosenAt: number | undefined;
  /** The leader is with the decider. */
  completing: boolean;
}

/** One broker that is asked. */
interface Asked {
  busy: boolean;
  failures: number;
  retry: Deadline | undefined;
}

export class QuorumElections {
  readonly #options: QuorumElectionsOptions;
  readonly #elections = new Map<string, Election>();
  readonly #asked = new Map<number, Asked>();
  #goingOn = false;

  constructor(options: QuorumElectionsOptions) {
    this.#options = options;
    options.controller.onActive((active) => {
      this.#forget();
      if (active) this.#look(options.controller.image.topics.values());
    });
    options.controller.listen((_image, delta) => {
      if (!options.controller.active) return;
      this.#look(delta.createdTopics);
      this.#look(delta.changedTopics);
      for (const { id, partitions } of delta.deletedTopics) {
        for (const { partition } of partitions) this.#elections.delete(keyOf(id, partition));
      }
      // A broker that came back may be the one that is missing.
      if (delta.brokersChanged && this.#elections.size > 0) this.#goOnSoon();
    });
  }

  /** Partitions that are being given a leader. */
  get underWay(): number {
    return this.#elections.size;
  }

  stop(): void {
    this.#forget();
  }

  #forget(): void {
    this.#elections.clear();
    for (const { retry } of this.#asked.values())
      if (retry !== undefined) this.#options.deadlines.cancel(retry);
    this.#asked.clear();
  }

  #look(topics: Iterable<TopicImage>): void {
    for (const topic of topics) {
      if (replicationProtocol(topic) !== 'quorum') continue;
      for (const partition of topic.partitions) this.#lookAt(topic.id, partition);
    }
    if (this.#elections.size > 0) this.#goOnSoon();
  }

  #lookAt(topicId: string, { partition, leader, leaderEpoch }: PartitionImage): void {
    const key = keyOf(topicId, partition);
    const epoch = leaderEpoch + 1;
    if (leader !== -1) this.#elections.delete(key);
    else if (this.#elections.get(key)?.epoch !== epoch) {
      const nothing = { answers: new Map(), chosenAt: undefined, completing: false };
      this.#elections.set(key, { topicId, partition, epoch, ...nothing });
    }
  }

  /** Once a turn, however many partitions changed in it. */
  #goOnSoon(): void {
    if (this.#goingOn) return;
    this.#goingOn = true;
    this.#options.clock.defer(() => {
      this.#goingOn = false;
      this.#goOn();
    });
  }

  #goOn(): void {
    if (!this.#options.controller.active || this.#elections.size === 0) return;
    for (const brokerId of this.#options.controller.image.brokers.keys()) this.#ask(brokerId);
    this.#complete();
  }

  #imageOf({ topicId, partition }: Election): PartitionImage | undefined {
    return this.#options.controller.image.topicsById.get(topicId)?.partitions[partition];
  }

  #mayLead(brokerId: number): boolean {
    const broker = this.#options.controller.image.brokers.get(brokerId);
    return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
  }

  /** Also brokers that are fenced are asked: they may be reached before they are unfenced, and their promise counts. */
  #wants(election: Election, brokerId: number): boolean {
    if (election.completing || election.answers.has(brokerId)) return false;
    const image = this.#imageOf(election);
    return image !== undefined && image.isr.includes(brokerId) && image.replicas.includes(brokerId);
  }

  #ask(brokerId: number): void {
    const asked = this.#asked.get(brokerId) ?? { busy: false, failures: 0, retry: undefined };
    this.#asked.set(brokerId, asked);
    if (asked.busy || asked.retry !== undefined) return;
    const wanted: Election[] = [];
    for (const election of this.#elections.values()) {
      if (wanted.length >= PARTITIONS_MAX) break;
      if (this.#wants(election, brokerId)) wanted.push(election);
    }
    if (wanted.length === 0) return;
    asked.busy = true;
    const { peers, clusterId, controller, brokerId: controllerId } = this.#options;
    const request = {
      clusterId,
      controllerId,
      controllerEpoch: controller.leaderEpoch,
      topics: topicsOf(wanted),
    };
    peers.to(brokerId, 'fence').request(fencePartitionsApi, VERSION, request, FENCE_TIMEOUT_MS, (answer) => {
      // Elections that were forgotten meanwhile (this broker no longer decides) have other entries.
      if (this.#asked.get(brokerId) !== asked) return;
      asked.busy = false;
      const failed =
        answer instanceof PeerFailure ||
        answer.errorCode !== ErrorCode.NONE ||
        this.#answered(brokerId, answer.topics) < wanted.length;
      this.#retryLater(brokerId, asked, failed);
      this.#goOnSoon();
    });
  }

  #retryLater(brokerId: number, asked: Asked, failed: boolean): void {
    asked.failures = failed ? asked.failures + 1 : 0;
    if (!failed) return;
    const delayMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(10, asked.failures - 1));
    asked.retry = this.#options.deadlines.set(delayMs, () => {
      asked.retry = undefined;
      this.#goOn();
    });
  }

  /** How many promises came. */
  #answered(brokerId: number, topics: DecodedResponse<typeof fencePartitionsApi>['topics']): number {
    let promised = 0;
    for (const { topicId, partitions } of topics) {
      for (const { partition, errorCode, epoch, lastEpoch, logEnd } of partitions) {
        const election = this.#elections.get(keyOf(topicId, partition));
        if (errorCode === ErrorCode.NONE) promised += 1;
        if (election === undefined) continue;
        if (errorCode === ErrorCode.NONE && epoch === election.epoch) {
          election.answers.set(brokerId, { lastEpoch, logEnd });
        } else if (errorCode !== ErrorCode.NONE) {
          const reason = errorName(errorCode);
          this.#options.logger.debug(
            { brokerId, topicId, partition, epoch, reason },
            'replica was not fenced',
          );
        }
      }
    }
    return promised;
  }

  #complete(): void {
    const { clock, controller, deadlines } = this.#options;
    const elections: CompletedElection[] = [];
    const completing: Election[] = [];
    let waiting = false;
    for (const election of this.#elections.values()) {
      const image = this.#imageOf(election);
      if (election.completing || image === undefined || elections.length >= PARTITIONS_MAX) continue;
      const leader = chooseQuorumLeader(image, election.answers, (id) => this.#mayLead(id));
      if (leader === undefined) continue;
      election.chosenAt ??= clock.monotonic();
      const missing = image.isr.some((id) => this.#mayLead(id) && !election.answers.has(id));
      if (missing && clock.monotonic() - election.chosenAt < STRAGGLERS_MS) {
        waiting = true;
        continue;
      }
      const { topicId, partition, epoch } = election;
      elections.push({ topicId, partition, epoch, leader });
      completing.push(election);
    }
    if (waiting) deadlines.set(STRAGGLERS_MS, () => this.#goOnSoon());
    if (elections.length === 0) return;
    for (const election of completing) election.completing = true;
    controller.submit({ type: 'CompleteElections', elections }, () => {
      // Those that are still here were not completed: not written, or overtaken by events that void them.
      for (const election of completing) {
        const key = keyOf(election.topicId, election.partition);
        if (this.#elections.get(key) !== election) continue;
        this.#elections.set(key, { ...election, answers: new Map(), chosenAt: undefined, completing: false });
        deadlines.set(RETRY_MS, () => this.#goOnSoon());
      }
    });
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}

type TopicAsked = FencePartitionsRequest['topics'][number];

function topicsOf(elections: readonly Election[]): TopicAsked[] {
  const topics = new Map<string, TopicAsked>();
  for (const { topicId, partition, epoch } of elections) {
    const topic = topics.get(topicId) ?? { topicId, partitions: [] };
    topics.set(topicId, topic);
    topic.partitions.push({ partition, epoch });
  }
  return [...topics.values()];
}
