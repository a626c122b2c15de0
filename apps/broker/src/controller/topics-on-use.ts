/**
 * Topics that nobody created on purpose: made when a client first asks for one (Metadata), and the broker's own when
 * they are first needed (FindCoordinator). The active controller makes them, wherever it is. Holds the names on their
 * way, so that a hundred clients asking at once make one request. Called by handlers 03 and 10.
 */
import { ErrorCode, type CreateTopicsRequest } from '@tidemark/wire';
import type { BrokerSettings } from '../config-table.js';
import { controllerApis } from '../handlers/controller-apis.js';
import type { ActiveController } from '../peers/active-controller.js';
import { PeerFailure } from '../peers/peer-failure.js';
import type { Controller } from './controller.js';
import { GROUP_OFFSETS_TOPIC, METADATA_TOPIC, REPLICATION_PROTOCOL } from './metadata-image.js';
import { topicNameFault } from './topics/topic-names.js';

export interface TopicsOnUseOptions {
  readonly controller: Pick<Controller, 'image' | 'listen'>;
  readonly activeController: Pick<ActiveController, 'request'>;
  readonly settings: BrokerSettings;
  /** Brokers that the cluster has when it is complete, at least: its own topics are not made for fewer. */
  readonly brokersMin: number;
}

const VERSION = 7;
const TIMEOUT_MS = 10_000;

type NewTopic = CreateTopicsRequest['topics'][number];

interface UnderWay {
  /** Who wants to know when the topic is there or was refused. */
  readonly waiting: (() => void)[];
  /** It was made, and is still to be heard of here. */
  made: boolean;
}

export class TopicsOnUse {
  readonly #underWay = new Map<string, UnderWay>();

  constructor(private readonly options: TopicsOnUseOptions) {
    options.controller.listen((image, delta) => {
      if (delta.createdTopics.length === 0) return;
      for (const [name, { made }] of this.#underWay) if (made && image.topics.has(name)) this.#settle(name);
    });
  }

  /**
   * Sees to it that the topic comes to be. Answers what a Metadata response says meanwhile: LEADER_NOT_AVAILABLE
   * (come again), UNKNOWN_TOPIC_OR_PARTITION when it is not for creation by use, or INVALID_TOPIC_EXCEPTION.
   */
  create(name: string): ErrorCode {
    if (topicNameFault(name) !== undefined || name === METADATA_TOPIC)
      return ErrorCode.INVALID_TOPIC_EXCEPTION;
    if (this.options.settings['auto.create.topics.exclude'].some((prefix) => name.startsWith(prefix))) {
      return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }
    this.#request(name);
    return ErrorCode.LEADER_NOT_AVAILABLE;
  }

  /**
   * The broker's own topics do not ask whether creation by use is switched on. `done` is called when the topic is
   * there, or could not be made; at once when it is there already.
   */
  createInternal(name: typeof GROUP_OFFSETS_TOPIC, done: () => void): void {
    this.#request(name, done);
  }

  #request(name: string, done?: () => void): void {
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) {
      if (done !== undefined) underWay.waiting.push(done);
      return;
    }
    if (this.options.controller.image.topics.has(name)) {
      done?.();
      return;
    }
    const asked: UnderWay = { waiting: done === undefined ? [] : [done], made: false };
    this.#underWay.set(name, asked);
    const request = { topics: [this.#specification(name)], timeoutMs: TIMEOUT_MS, validateOnly: false };
    const controllerRequest = { version: VERSION, request, timeoutMs: TIMEOUT_MS };
    this.options.activeController.request(controllerApis.createTopics, controllerRequest, (answer) => {
      // A refusal (too few brokers, a colliding name) shows in the topic's absence; the next use asks again.
      asked.made = !(answer instanceof PeerFailure) && isThere(answer.topics[0]?.errorCode);
      if (!asked.made || this.options.controller.image.topics.has(name)) this.#settle(name);
    });
  }

  #settle(name: string): void {
    const waiting = this.#underWay.get(name)?.waiting ?? [];
    this.#underWay.delete(name);
    for (const tell of waiting) tell();
  }

  #specification(name: string): NewTopic {
    const topic = { name, assignments: [] };
    if (name !== GROUP_OFFSETS_TOPIC)
      return { ...topic, numPartitions: -1, replicationFactor: -1, configs: [] };
    const { settings, controller, brokersMin } = this.options;
    const brokers = Math.max(brokersMin, controller.image.brokers.size);
    const replicationFactor = Math.min(settings['offsets.topic.replication.factor'], brokers);
    return {
      ...topic,
      numPartitions: settings['offsets.topic.num.partitions'],
      replicationFactor,
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'segment.bytes', value: String(settings['offsets.topic.segment.bytes']) },
        ...replicated(replicationFactor),
      ],
    };
  }
}

/** An odd number of replicas beyond one agrees by majority, and none of them acknowledges before it is on its disk. */
function replicated(replicationFactor: number): { name: string; value: string }[] {
  if (replicationFactor < 3 || replicationFactor % 2 === 0) return [];
  return [{ name: REPLICATION_PROTOCOL, value: 'quorum' }];
}

function isThere(errorCode: number | undefined): boolean {
  return errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
}
