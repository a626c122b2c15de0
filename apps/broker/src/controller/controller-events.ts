/**
 * What can be true of the cluster: the facts in the metadata log, one record each (`metadata-records.ts` gives them
 * Kafka's metadata record layouts). Written by the controller alone; every broker folds them (`metadata-state.ts`).
 */

export interface BrokerRegistered {
  readonly type: 'BrokerRegistered';
  readonly brokerId: number;
  /** One for each start of the process. */
  readonly incarnationId: string;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  /** Fenced brokers lead nothing, are in no ISR and are not told to clients. A registration begins fenced. */
  readonly fenced: boolean;
  /** Of the data directory that the broker runs on. */
  readonly directoryId: string;
  /** In snapshots only, where the record's own offset is not the registration's. */
  readonly past?: RegistrationPast;
}

/** What a snapshot must say of a registration beyond its words. */
export interface RegistrationPast {
  readonly epoch: number;
  readonly directorySince: number;
  readonly inControlledShutdown: boolean;
}

export interface BrokerFenced {
  readonly type: 'BrokerFenced';
  readonly brokerId: number;
  /** A fence for another registration than the current one changes nothing. */
  readonly epoch: number;
}

export interface BrokerUnfenced {
  readonly type: 'BrokerUnfenced';
  readonly brokerId: number;
  readonly epoch: number;
}

/** It is about to stop: leads nothing, joins no ISR; ends with its next registration. */
export interface BrokerShutdownBegan {
  readonly type: 'BrokerShutdownBegan';
  readonly brokerId: number;
  readonly epoch: number;
}

export interface BrokerUnregistered {
  readonly type: 'BrokerUnregistered';
  readonly brokerId: number;
  readonly epoch: number;
}

export interface TopicCreated {
  readonly type: 'TopicCreated';
  readonly topicId: string;
  readonly name: string;
}

export interface PartitionCreated {
  readonly type: 'PartitionCreated';
  readonly topicId: string;
  readonly partition: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  /** In snapshots only: what has happened to it since. */
  readonly past?: PartitionPast;
}

/** What a new partition never has. */
export interface PartitionPast {
  readonly elr: readonly number[];
  readonly lastKnownElr: readonly number[];
  readonly adding: readonly number[];
  readonly removing: readonly number[];
  readonly wanted: readonly number[];
  readonly recovering: boolean;
  /** By index of `replicas`: the metadata offset at which each became one. */
  readonly replicaSince: readonly number[];
}

/** A leader in it, even the same one, begins a new leader epoch; every change begins a new partition epoch. */
export interface PartitionChanged {
  readonly type: 'PartitionChanged';
  readonly topicId: string;
  readonly partition: number;
  readonly leader?: number;
  readonly isr?: readonly number[];
  readonly elr?: readonly number[];
  readonly lastKnownElr?: readonly number[];
  readonly replicas?: readonly number[];
  readonly adding?: readonly number[];
  readonly removing?: readonly number[];
  readonly wanted?: readonly number[];
  /** The leader was elected uncleanly and has not said yet that it has come to terms with what it has. */
  readonly recovering?: boolean;
}

/** Its partitions and configuration go with it. */
export interface TopicDeleted {
  readonly type: 'TopicDeleted';
  readonly topicId: string;
}

export interface ConfigChanged {
  readonly type: 'ConfigChanged';
  readonly topic: string;
  readonly name: string;
  /** Null: the override is gone. */
  readonly value: string | null;
}

/** `brokerId` may hand out the ids below `nextProducerId` that no earlier block holds. */
export interface ProducerIdBlockAllocated {
  readonly type: 'ProducerIdBlockAllocated';
  readonly brokerId: number;
  readonly nextProducerId: number;
}

/**
 * What follows up to the end of the same read is the whole state, not a change to it: the log began anew from a
 * snapshot. Never in the log itself; whoever delivers a snapshot (`quorum/`) puts it in front.
 */
export interface SnapshotBegan {
  readonly type: 'SnapshotBegan';
}

/** Facts that are records of the log. */
export type LoggedControllerEvent =
  | BrokerRegistered
  | BrokerFenced
  | BrokerUnfenced
  | BrokerShutdownBegan
  | BrokerUnregistered
  | TopicCreated
  | PartitionCreated
  | PartitionChanged
  | TopicDeleted
  | ConfigChanged
  | ProducerIdBlockAllocated;

export type ControllerEvent = LoggedControllerEvent | SnapshotBegan;
