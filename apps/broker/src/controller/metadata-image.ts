/**
 * What this broker knows of the cluster: brokers, topics, partitions and overridden configuration, folded from the
 * metadata log and nothing else. `controller.decider.ts` is the only one to change it; handlers read it within their
 * turn of the event loop, replicas and coordinators follow it by listening to deltas. The maps are updated in place:
 * read what you need at once, keep names and ids, never the image's entries across turns.
 */

export interface BrokerImage {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  /** Differs at every start of the broker's process. */
  readonly incarnationId: string;
  /** The metadata offset of the registration: rises with every start. */
  readonly epoch: number;
}

export interface PartitionImage {
  readonly partition: number;
  /** -1 while there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  /** Rises with every change of the partition. */
  readonly partitionEpoch: number;
  /** The preferred leader is the first. */
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicImage {
  readonly name: string;
  /** UUID in its 36-character form; another one after the topic was deleted and created again. */
  readonly id: string;
  /** The broker's own: `__consumer_offsets` and its like. */
  readonly internal: boolean;
  /** Overrides only, as text; `settings.ts` gives the values that hold. */
  readonly configs: Readonly<Record<string, string>>;
  /** By index. */
  readonly partitions: readonly PartitionImage[];
}

export interface MetadataImage {
  readonly clusterId: string;
  /** A broker that takes controller work; -1 while none is registered. */
  readonly controllerId: number;
  readonly brokers: ReadonlyMap<number, BrokerImage>;
  readonly topics: ReadonlyMap<string, TopicImage>;
  readonly topicsById: ReadonlyMap<string, TopicImage>;
  /** The metadata offset after the last event folded. */
  readonly position: number;
  /** The topic of this id was deleted: what is left of it on a disk may go. */
  wasDeleted(topicId: string): boolean;
}

/** What one batch of the metadata log changed. A topic created and deleted in it is in neither list. */
export interface MetadataDelta {
  readonly createdTopics: readonly TopicImage[];
  /** As they were. */
  readonly deletedTopics: readonly TopicImage[];
  /** Partitions added or changed (leader, epoch, ISR), or configuration overridden; as they are now. */
  readonly changedTopics: readonly TopicImage[];
  readonly brokersChanged: boolean;
}

export type MetadataListener = (image: MetadataImage, delta: MetadataDelta) => void;

export const GROUP_OFFSETS_TOPIC = '__consumer_offsets';
export const TRANSACTION_STATE_TOPIC = '__transaction_state';
export const METADATA_TOPIC = '__cluster_metadata';

/** Topics that clients may read but not write, create or delete as they please. */
export const INTERNAL_TOPICS: ReadonlySet<string> = new Set([GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC]);
