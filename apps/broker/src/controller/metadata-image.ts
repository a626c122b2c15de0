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
  /** Suspected dead, or not caught up yet: leads nothing, is in no ISR, is not told to clients. */
  readonly fenced: boolean;
  /** It is stopping in order: its leadership is moved away. Ends with its next registration. */
  readonly inControlledShutdown: boolean;
  /** Of the data directory that it runs on; '' when it did not say. */
  readonly directoryId: string;
  /**
   * The metadata offset of its first registration with that directory. A partition replica from before it
   * (`replicaSince`) was on another disk, and what this disk lacks of it is lost, not new.
   */
  readonly directorySince: number;
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
  /**
   * Primary-backup: the replicas in sync. Quorum: the eligible ones, which hold all that they ever acknowledged,
   * fenced or not; an election counts only those.
   */
  readonly isr: readonly number[];
  /** Eligible leader replicas (KIP-966): out of the ISR, with all that is committed. None while the ISR is large enough. */
  readonly elr: readonly number[];
  /** What was left last when ISR and ELR ran empty. */
  readonly lastKnownElr: readonly number[];
  /** A reassignment under way: replicas that are to come, in `replicas` already. */
  readonly adding: readonly number[];
  /** A reassignment under way: replicas that are to go when the new ones are in sync. */
  readonly removing: readonly number[];
  /** Quorum, a reassignment under way: the replicas that it ends with, in their order. */
  readonly wanted: readonly number[];
  /** Elected uncleanly; until its leader says otherwise the ISR is the leader alone. */
  readonly recovering: boolean;
  /** By index of `replicas`: the metadata offset at which each became one. */
  readonly replicaSince: readonly number[];
}

export type ReplicationProtocol = 'primary-backup' | 'quorum';

export const REPLICATION_PROTOCOL = 'replication.protocol';

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

/** Chosen when the topic is created, and never changed. */
export function replicationProtocol({ configs }: Pick<TopicImage, 'configs'>): ReplicationProtocol {
  return configs[REPLICATION_PROTOCOL] === 'quorum' ? 'quorum' : 'primary-backup';
}

/**
 * The sets that must each have a majority for a quorum partition to commit, and to choose a leader: the replicas, or
 * while they change the old ones and those of the next step, which differs by one replica in, one out, or both. The
 * rest of a longer reassignment waits in `adding` and `removing`.
 */
export function quorumSets({
  replicas,
  adding,
  removing,
}: Pick<PartitionImage, 'replicas' | 'adding' | 'removing'>): readonly (readonly number[])[] {
  const [coming] = adding;
  const [going] = removing;
  if (coming === undefined && going === undefined) return [replicas];
  return [replicas.filter((id) => id !== coming), replicas.filter((id) => id !== going)];
}
