/**
 * The metadata as events: what a snapshot of the metadata log consists of. Folded into an empty state they give an
 * equal one, so they say beside each fact what the log said by the place where it stood: a broker's epoch, since when
 * a replica is one. In the order in which the state holds things, so that whoever loads it iterates alike. Pure.
 */
import type { LoggedControllerEvent } from './controller-events.js';
import type { BrokerImage, MetadataImage, PartitionImage, TopicImage } from './metadata-image.js';

/** What a snapshot is made of. */
export interface SnapshotSource extends Pick<MetadataImage, 'brokers' | 'topics'> {
  readonly nextProducerId: number;
  readonly deletedIds: Iterable<string>;
}

/** In the name of nobody: who took which block of producer ids does not matter any more. */
const NO_BROKER = -1;

export function snapshotEvents(state: SnapshotSource): LoggedControllerEvent[] {
  const events: LoggedControllerEvent[] = [];
  for (const broker of state.brokers.values()) events.push(registrationOf(broker));
  for (const topicId of state.deletedIds) events.push({ type: 'TopicDeleted', topicId });
  for (const topic of state.topics.values()) addTopic(events, topic);
  if (state.nextProducerId > 0) {
    const { nextProducerId } = state;
    events.push({ type: 'ProducerIdBlockAllocated', brokerId: NO_BROKER, nextProducerId });
  }
  return events;
}

function registrationOf(broker: BrokerImage): LoggedControllerEvent {
  const { id: brokerId, epoch, directorySince, inControlledShutdown, ...registration } = broker;
  const past = { epoch, directorySince, inControlledShutdown };
  return { type: 'BrokerRegistered', brokerId, ...registration, past };
}

function addTopic(events: LoggedControllerEvent[], topic: TopicImage): void {
  const { id: topicId, name } = topic;
  events.push({ type: 'TopicCreated', topicId, name });
  for (const [config, value] of Object.entries(topic.configs)) {
    events.push({ type: 'ConfigChanged', topic: name, name: config, value });
  }
  for (const partition of topic.partitions) events.push(partitionOf(topicId, partition));
}

function partitionOf(topicId: string, image: PartitionImage): LoggedControllerEvent {
  const { elr, lastKnownElr, adding, removing, wanted, recovering, replicaSince, ...partition } = image;
  const past = { elr, lastKnownElr, adding, removing, wanted, recovering, replicaSince };
  return { type: 'PartitionCreated', topicId, ...partition, past };
}
