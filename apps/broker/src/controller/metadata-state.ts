/**
 * The fold of the metadata log: `MetadataImage` as the controller's decider and every broker hold it, updated in
 * place by one event at a time, and the delta since the listeners were last told. Total: an event about something
 * that is not there changes nothing. Called by `controller.decider.ts` only.
 */
import type {
  BrokerFenced,
  BrokerRegistered,
  BrokerShutdownBegan,
  BrokerUnfenced,
  BrokerUnregistered,
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
import { snapshotEvents } from './metadata-snapshot.js';
import { changedPartition } from './partitions/partition-fold.js';
import { collisionKey } from './topics/topic-names.js';

/** Deleted topics that are remembered; a broker that was away for longer keeps its files of the others. */
const DELETED_IDS_MAX = 10_000;

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
  /** While a snapshot replaces the state: the topics that the listeners know of, by id. */
  #replaced: Map<string, MutableTopic> | undefined;

  constructor(readonly clusterId: string) {}

  wasDeleted(topicId: string): boolean {
    return this.#deletedIds.has(topicId);
  }

  /** The most recently deleted, oldest first. */
  get deletedIds(): Iterable<string> {
    return this.#deletedIds;
  }

  /** What leads from an empty state to this one (when folded at the last offset that this one has folded). */
  toEvents(): ControllerEvent[] {
    return snapshotEvents(this);
  }

  evolve(event: ControllerEvent, offset: number): void {
    this.position = offset + 1;
    switch (event.type) {
      case 'BrokerRegistered':
        this.#brokerRegistered(event, offset);
        return;
      case 'BrokerFenced':
        this.#brokerChanged(event, { fenced: true });
        return;
      case 'BrokerUnfenced':
        this.#brokerChanged(event, { fenced: false });
        return;
      case 'BrokerShutdownBegan':
        this.#brokerChanged(event, { inControlledShutdown: true });
        return;
      case 'BrokerUnregistered':
        this.#brokerUnregistered(event);
        return;
      case 'TopicCreated':
        this.#topicCreated(event.name, event.topicId);
        return;
      case 'PartitionCreated':
        this.#partitionCreated(event, offset);
        return;
      case 'PartitionChanged':
        this.#partitionChanged(event, offset);
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
      case 'SnapshotBegan':
        this.#snapshotBegan();
        return;
    }
  }

  /** What changed since the last call. */
  takeDelta(): MetadataDelta {
    if (this.#replaced !== undefined) this.#compareWith(this.#replaced);
    this.#replaced = undefined;
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

  #snapshotBegan(): void {
    this.#replaced ??= new Map();
    for (const topic of this.topicsById.values()) {
      if (!this.#created.has(topic)) this.#replaced.set(topic.id, topic);
    }
    this.#created.clear();
    this.#changed.clear();
    this.brokers.clear();
    this.topics.clear();
    this.topicsById.clear();
    this.collisions.clear();
    this.nextProducerId = 0;
    this.#brokersChanged = true;
  }

  /** Topics that the listeners know and the snapshot has are changed ones; those that it lacks were deleted. */
  #compareWith(replaced: ReadonlyMap<string, MutableTopic>): void {
    for (const topic of replaced.values()) {
      const now = this.topicsById.get(topic.id);
      if (now === undefined) {
        this.#deleted.add(topic);
        this.#rememberDeleted(topic.id);
      } else if (this.#created.delete(now)) this.#changed.add(now);
    }
  }

  #brokerRegistered(event: BrokerRegistered, offset: number): void {
    const { brokerId: id, host, port, rack, incarnationId, fenced, directoryId, past } = event;
    const known = this.brokers.get(id);
    // A broker that has not said before which directory it runs on (an older version) runs on the same one.
    const sameDirectory = known !== undefined && [directoryId, ''].includes(known.directoryId);
    const { epoch, directorySince, inControlledShutdown } = past ?? {
      epoch: offset,
      directorySince: sameDirectory ? known.directorySince : offset,
      inControlledShutdown: false,
    };
    const registration = { fenced, inControlledShutdown, directoryId, directorySince };
    this.brokers.set(id, { id, host, port, rack, incarnationId, epoch, ...registration });
    this.#brokersChanged = true;
  }

  #brokerChanged(
    { brokerId, epoch }: BrokerFenced | BrokerUnfenced | BrokerShutdownBegan,
    change: Partial<BrokerImage>,
  ): void {
    const known = this.brokers.get(brokerId);
    if (known?.epoch !== epoch) return;
    this.brokers.set(brokerId, { ...known, ...change });
    this.#brokersChanged = true;
  }

  #brokerUnregistered({ brokerId, epoch }: BrokerUnregistered): void {
    if (this.brokers.get(brokerId)?.epoch !== epoch) return;
    this.brokers.delete(brokerId);
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

  #partitionCreated(event: PartitionCreated, offset: number): void {
    const topic = this.topicsById.get(event.topicId);
    if (topic?.partitions.length !== event.partition) return;
    const { type: _type, topicId: _topicId, past, ...partition } = event;
    const nothing = { elr: [], lastKnownElr: [], adding: [], removing: [], wanted: [], recovering: false };
    const replicaSince = event.replicas.map(() => offset);
    topic.partitions.push({ ...partition, ...(past ?? { ...nothing, replicaSince }) });
    this.#noteChange(topic);
  }

  #partitionChanged(event: PartitionChanged, offset: number): void {
    const topic = this.topicsById.get(event.topicId);
    const before = topic?.partitions[event.partition];
    if (topic === undefined || before === undefined) return;
    topic.partitions[event.partition] = changedPartition(before, event, offset);
    this.#noteChange(topic);
  }

  #topicDeleted(event: TopicDeleted): void {
    this.#rememberDeleted(event.topicId);
    const topic = this.topicsById.get(event.topicId);
    if (topic === undefined) return;
    this.topicsById.delete(topic.id);
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

  #rememberDeleted(topicId: string): void {
    this.#deletedIds.delete(topicId);
    this.#deletedIds.add(topicId);
    if (this.#deletedIds.size <= DELETED_IDS_MAX) return;
    for (const oldest of this.#deletedIds) {
      this.#deletedIds.delete(oldest);
      return;
    }
  }
}
