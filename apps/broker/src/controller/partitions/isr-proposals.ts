/**
 * How a partition's leader asks the active controller for another in-sync set (AlterPartition, KIP-497). `IsrProposing`
 * is what leaders see; one proposal at a time per partition is the leader's business. `IsrProposals` carries them to
 * whoever is the active controller, this broker perhaps: those of one turn of the event loop in one request, those that
 * come while it is under way in the next. Holds the proposals that have no answer.
 */
import type { Clock } from '@tidemark/platform';
import { ErrorCode, alterPartitionApi, type AlterPartitionRequest } from '@tidemark/wire';
import { PeerFailure } from '../../peers/peer-failure.js';
import type { Peers } from '../../peers/peers.js';
import type { Controller } from '../controller.js';

export interface IsrProposal {
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  /** The one that the proposal changes: another in between makes it fail (INVALID_UPDATE_VERSION). */
  readonly partitionEpoch: number;
  /** With the epochs that the members fetched with, so that one that was restarted since is told apart (KIP-903). */
  readonly newIsr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
  /** Still coming to terms with an unclean election; false ends it. */
  readonly recovering: boolean;
}

export interface IsrDecision {
  readonly error: typeof ErrorCode.NONE;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly partitionEpoch: number;
}

/**
 * The metadata says the same before or after the answer comes. An error is the controller's word (74, 95, 41, 42, 107,
 * 108: drop the proposal, wait for metadata or propose again later) or NETWORK_EXCEPTION: perhaps done, so propose the
 * very same again.
 */
export type IsrAnswer = IsrDecision | { readonly error: Exclude<ErrorCode, typeof ErrorCode.NONE> };

export interface IsrProposing {
  /** `done` is called once, from a later turn of the event loop. */
  propose(proposal: IsrProposal, done: (answer: IsrAnswer) => void): void;
}

export interface IsrProposalsOptions {
  readonly controller: Pick<Controller, 'leaderId'>;
  readonly peers: Pick<Peers, 'to'>;
  readonly clock: Clock;
  readonly brokerId: number;
  /** Of the current registration; -1 before there is one. */
  readonly brokerEpoch: () => number;
}

const VERSION = 3;
const TIMEOUT_MS = 5_000;
/** Partitions in one request; the others go in the next. */
const PROPOSALS_MAX = 2_000;

interface Unanswered {
  readonly proposal: IsrProposal;
  readonly done: (answer: IsrAnswer) => void;
}

const NO_ANSWER: IsrAnswer = { error: ErrorCode.NETWORK_EXCEPTION };

export class IsrProposals implements IsrProposing {
  readonly #options: IsrProposalsOptions;
  #waiting: Unanswered[] = [];
  #busy = false;

  constructor(options: IsrProposalsOptions) {
    this.#options = options;
  }

  propose(proposal: IsrProposal, done: (answer: IsrAnswer) => void): void {
    this.#waiting.push({ proposal, done });
    if (this.#busy) return;
    this.#busy = true;
    this.#options.clock.defer(() => this.#send());
  }

  #send(): void {
    const { controller, peers, clock, brokerId, brokerEpoch } = this.#options;
    const asked = this.#waiting.splice(0, PROPOSALS_MAX);
    this.#busy = asked.length > 0;
    if (!this.#busy) return;
    const settle = (answerOf: (proposal: IsrProposal) => IsrAnswer): void => {
      for (const { proposal, done } of asked) done(answerOf(proposal));
      clock.defer(() => this.#send());
    };
    if (controller.leaderId < 0) {
      clock.defer(() => settle(() => NO_ANSWER));
      return;
    }
    const request = { brokerId, brokerEpoch: brokerEpoch(), topics: topicsOf(asked) };
    peers
      .to(controller.leaderId, 'isr')
      .request(alterPartitionApi, VERSION, request, TIMEOUT_MS, (answer) => {
        if (answer instanceof PeerFailure) {
          settle(() => NO_ANSWER);
          return;
        }
        const whole = answer.errorCode as ErrorCode;
        if (whole !== ErrorCode.NONE) {
          settle(() => ({ error: whole }));
          return;
        }
        const decided = new Map<string, IsrAnswer>();
        for (const { topicId, partitions } of answer.topics) {
          for (const { partitionIndex: partition, errorCode, leaderId: leader, ...rest } of partitions) {
            const error = errorCode as ErrorCode;
            const { leaderEpoch, isr, partitionEpoch } = rest;
            const accepted = { leader, leaderEpoch, isr, partitionEpoch };
            decided.set(
              keyOf({ topicId, partition }),
              error === ErrorCode.NONE ? { error, ...accepted } : { error },
            );
          }
        }
        settle((proposal) => decided.get(keyOf(proposal)) ?? NO_ANSWER);
      });
  }
}

function keyOf({ topicId, partition }: Pick<IsrProposal, 'topicId' | 'partition'>): string {
  return `${topicId}/${partition}`;
}

type TopicAsked = AlterPartitionRequest['topics'][number];

function topicsOf(asked: readonly Unanswered[]): TopicAsked[] {
  const topics = new Map<string, TopicAsked>();
  for (const { proposal } of asked) {
    const { topicId, partition, leaderEpoch, partitionEpoch, newIsr, recovering } = proposal;
    const topic = topics.get(topicId) ?? { topicId, partitions: [] };
    topics.set(topicId, topic);
    topic.partitions.push({
      partitionIndex: partition,
      leaderEpoch,
      newIsrWithEpochs: newIsr.map((member) => ({ ...member })),
      leaderRecoveryState: recovering ? 1 : 0,
      partitionEpoch,
    });
  }
  return [...topics.values()];
}
