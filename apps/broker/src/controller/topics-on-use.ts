/**
 * Topics that nobody created on purpose: made when a client first asks for one (Metadata), and the broker's own when
 * they are first needed (FindCoordinator). Holds the names on their way, so that a hundred clients asking at once
 * make one request. Called by handlers 03 and 10.
 */
import type { Random } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/wire';
import type { BrokerSettings } from '../config-table.js';
import type { Controller } from './controller.js';
import type { NewTopic } from './topics/create-topics.js';
import { GROUP_OFFSETS_TOPIC, METADATA_TOPIC } from './metadata-image.js';
import { topicNameFault } from './topics/topic-names.js';

export class TopicsOnUse {
  /** Names on their way, and who wants to know when each is there or was refused. */
  readonly #underWay = new Map<string, (() => void)[]>();

  constructor(
    private readonly controller: Pick<Controller, 'submit' | 'image'>,
    private readonly settings: BrokerSettings,
    private readonly random: Random,
  ) {}

  /**
   * Sees to it that the topic comes to be. Answers what a Metadata response says meanwhile: LEADER_NOT_AVAILABLE
   * (come again), UNKNOWN_TOPIC_OR_PARTITION when it is not for creation by use, or INVALID_TOPIC_EXCEPTION.
   */
  create(name: string): ErrorCode {
    if (topicNameFault(name) !== undefined || name === METADATA_TOPIC)
      return ErrorCode.INVALID_TOPIC_EXCEPTION;
    if (this.settings['auto.create.topics.exclude'].some((prefix) => name.startsWith(prefix))) {
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
    const waiting = this.#underWay.get(name);
    if (waiting !== undefined) {
      if (done !== undefined) waiting.push(done);
      return;
    }
    if (this.controller.image.topics.has(name)) {
      done?.();
      return;
    }
    this.#underWay.set(name, done === undefined ? [] : [done]);
    // A refusal (too few brokers, a colliding name) shows in the topic's absence; the next use asks again.
    this.controller.submit(
      { type: 'CreateTopics', topics: [this.#specification(name)], validateOnly: false },
      () => {
        const waiting = this.#underWay.get(name) ?? [];
        this.#underWay.delete(name);
        for (const tell of waiting) tell();
      },
    );
  }

  #specification(name: string): NewTopic {
    const topic = { name, topicId: this.random.uuid(), assignments: [] };
    if (name !== GROUP_OFFSETS_TOPIC) return { ...topic, partitions: -1, replicationFactor: -1, configs: [] };
    const { settings } = this;
    const brokers = Math.max(1, this.controller.image.brokers.size);
    return {
      ...topic,
      partitions: settings['offsets.topic.num.partitions'],
      replicationFactor: Math.min(settings['offsets.topic.replication.factor'], brokers),
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'segment.bytes', value: String(settings['offsets.topic.segment.bytes']) },
      ],
    };
  }
}
