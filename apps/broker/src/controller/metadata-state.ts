/**
 * The fold of the metadata log: `MetadataImage` as the controller's decider and every broker hold it, updated in
 * place by one event at a time, and the delta since the listeners were last told. Total: an event about something
 * that is not there changes nothing. Called by `controller.decider.ts` only.
 */
import type {
  BrokerRegistered,
  ConfigChanged,
  ControllerEvent,
  PartitionChanged,
  PartitionCreated,
  TopicDeleted,
} from './controller-events.js';
import { INTERNAL_TOPICS } from './metadata-image.js';
import type {
  BrokerImage,
  MetadataDelta,
  MetadataImage,
  PartitionImage,
  TopicImage,
} from './metadata-image.js';
import { collisionKey } from './topic-names.js';

interface MutableTopic extends TopicImage {
  configs: Record<string, string>;
  partitions: PartitionImage[];
}

export class MetadataState implements MetadataImage {
  readonly brokers = new Map<number, BrokerImage>();
  readonly topics = new Map<string, MutableTopic>();
  readonly topicsById = new Map<string, MutableTopic>();
  /** Names that metrics would confuse ('.' and '_' are the same there), by their common form. */
  readonly collisions = new Map<string, Set<string>>();
  nextProducerId = 0;
  position = 0;
  /** Ids of topics that were deleted, so that a crash in between leaves no data for ever. */
  readonly #deletedIds = new Set<string>();
  #created = new Set<MutableTopic>();
  #deleted = new Set<MutableTopic>();
  #changed = new Set<MutableTopic>();
  #brokersChanged = false;

  constructor(readonly clusterId: string) {}

  /** Any broker takes controller work; as long as there is no quorum it is the one with the lowest id. */
  get controllerId(): number {
    return this.brokers.size === 0 ? -1 : Math.min(...this.brokers.keys());
  }

  wasDeleted(topicId: string): boolean {
    return this.#deletedIds.has(topicId);
  }

  evolve(event: ControllerEvent, offset: number): void {
    this.position = offset + 1;
    switch (event.type) {
      case 'BrokerRegistered':
        this.#brokerRegistered(event, offset);
        return;
      case 'TopicCreated':
        this.#topicCreated(event.name, event.topicId);
        return;
      case 'PartitionCreated':
        this.#partitionCreated(event);
        return;
      case 'PartitionChanged':
        this.#partitionChanged(event);
        return;
      case 'TopicDeleted':
        this.#topicDeleted(event);
        return;
      case 'ConfigChanged':
        this.#configChanged(event);
        return;
      case 'ProducerIdBlockAllocated':
        this.nextProducerId = Math.max(this.nextProducerId, event.nextProducerId);
        return;
    }
  }

  /** What changed since the last call. */
  takeDelta(): MetadataDelta {
    const delta: MetadataDelta = {
      createdTopics: [...this.#created],
      deletedTopics: [...this.#deleted],
      changedTopics: [...this.#changed],
      brokersChanged: this.#brokersChanged,
    };
    this.#created = new Set();
    this.#deleted = new Set();
    this.#changed = new Set();
    this.#brokersChanged = false;
    return delta;
  }

  #brokerRegistered(event: BrokerRegistered, offset: number): void {
    const { brokerId: id, host, port, rack, incarnationId } = event;
    this.brokers.set(id, { id, host, port, rack, incarnationId, epoch: offset });
    this.#brokersChanged = true;
  }

  #topicCreated(name: string, id: string): void {
    if (this.topics.has(name) || this.topicsById.has(id)) return;
    const topic: MutableTopic = {
      name,
      id,
      internal: INTERNAL_TOPICS.has(name),
      configs: {},
      partitions: [],
    };
    this.topics.set(name, topic);
    this.topicsById.set(id, topic);
    const key = collisionKey(name);
    const alike = this.collisions.get(key) ?? new Set();
    this.collisions.set(key, alike.add(name));
    this.#created.add(topic);
  }

  #partitionCreated(event: PartitionCreated): void {
    const topic = this.topicsById.get(event.topicId);
    if (topic?.partitions.length !== event.partition) return;
    const { partition, replicas, isr, leader, leaderEpoch, partitionEpoch } = event;
    topic.partitions.push({ partition, replicas, isr, leader, leaderEpoch, partitionEpoch });
    this.#noteChange(topic);
  }

  #partitionChanged(event: PartitionChanged): void {
    const topic = this.topicsById.get(event.topicId);
    const before = topic?.partitions[event.partition];
    if (topic === undefined || before === undefined) return;
    topic.partitions[event.partition] = {
      ...before,
      leader: event.leader ?? before.leader,
      leaderEpoch: before.leaderEpoch + (event.leader === undefined ? 0 : 1),
      isr: event.isr ?? before.isr,
      partitionEpoch: before.partitionEpoch + 1,
    };
    this.#noteChange(topic);
  }

  #topicDeleted(event: TopicDeleted): void {
    const topic = this.topicsById.get(event.topicId);
    if (topic === undefined) return;
    this.topicsById.delete(topic.id);
    this.#deletedIds.add(topic.id);
    this.topics.delete(topic.name);
    const key = collisionKey(topic.name);
    const alike = this.collisions.get(key);
    alike?.delete(topic.name);
    if (alike?.size === 0) this.collisions.delete(key);
    this.#changed.delete(topic);
    if (!this.#created.delete(topic)) this.#deleted.add(topic);
  }

  #configChanged(event: ConfigChanged): void {
    const topic = this.topics.get(event.topic);
    if (topic === undefined) return;
    const { [event.name]: _before, ...others } = topic.configs;
    topic.configs = event.value === null ? others : { ...others, [event.name]: event.value };
    this.#noteChange(topic);
  }

  #noteChange(topic: MutableTopic): void {
    if (!this.#created.has(topic)) this.#changed.add(topic);
  }
}
