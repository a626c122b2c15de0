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
}

/** A leader in it, even the same one, begins a new leader epoch; every change begins a new partition epoch. */
export interface PartitionChanged {
  readonly type: 'PartitionChanged';
  readonly topicId: string;
  readonly partition: number;
  readonly leader?: number;
  readonly isr?: readonly number[];
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

export type ControllerEvent =
  | BrokerRegistered
  | TopicCreated
  | PartitionCreated
  | PartitionChanged
  | TopicDeleted
  | ConfigChanged
  | ProducerIdBlockAllocated;
