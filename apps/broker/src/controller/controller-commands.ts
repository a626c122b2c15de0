/**
 * What the controller can be told to decide on, and the reply to each. One command may carry many items; each succeeds
 * or fails by itself. The larger ones are described beside their decisions.
 */
import type { BrokerHeartbeat, FenceBroker, HeartbeatReply } from './brokers/broker-heartbeat.js';
import type { RegisterBroker, Registration } from './brokers/register-broker.js';
import type { UnregisterBroker, Unregistration } from './brokers/unregister-broker.js';
import type { AlterPartition, AlterPartitionReply } from './partitions/alter-partition.js';
import type { CompleteElections } from './elections/complete-elections.js';
import type { ElectLeaders, ElectionResult } from './elections/elect-leaders.js';
import type { AlterReassignments, ReassignmentResult } from './partitions/reassign.js';
import type { NewTopic, TopicResult } from './topics/create-topics.js';
import type {
  DeletedTopic,
  ItemResult,
  PartitionsResult,
  PartitionsWanted,
  TopicConfigChange,
  TopicReference,
} from './topics/topic-changes.js';

export interface CreateTopics {
  readonly type: 'CreateTopics';
  readonly topics: readonly NewTopic[];
  /** Tells what would happen, and does nothing. */
  readonly validateOnly: boolean;
}

export interface DeleteTopics {
  readonly type: 'DeleteTopics';
  readonly topics: readonly TopicReference[];
}

export interface CreatePartitions {
  readonly type: 'CreatePartitions';
  readonly topics: readonly PartitionsWanted[];
  readonly validateOnly: boolean;
}

export interface AlterConfigs {
  readonly type: 'AlterConfigs';
  readonly changes: readonly TopicConfigChange[];
  readonly validateOnly: boolean;
}

export interface AllocateProducerIds {
  readonly type: 'AllocateProducerIds';
  readonly brokerId: number;
}

export type ControllerCommand =
  | RegisterBroker
  | BrokerHeartbeat
  | FenceBroker
  | UnregisterBroker
  | CreateTopics
  | DeleteTopics
  | CreatePartitions
  | AlterConfigs
  | AlterPartition
  | ElectLeaders
  | CompleteElections
  | AlterReassignments
  | AllocateProducerIds;

/** The reply to each type of command. */
export interface ControllerReplies {
  RegisterBroker: Registration;
  BrokerHeartbeat: HeartbeatReply;
  FenceBroker: null;
  UnregisterBroker: Unregistration;
  CreateTopics: readonly TopicResult[];
  DeleteTopics: readonly DeletedTopic[];
  CreatePartitions: readonly PartitionsResult[];
  AlterConfigs: readonly ItemResult[];
  AlterPartition: AlterPartitionReply;
  ElectLeaders: readonly ElectionResult[];
  CompleteElections: { readonly elected: number };
  AlterReassignments: readonly ReassignmentResult[];
  AllocateProducerIds: { readonly firstProducerId: number; readonly count: number };
}

export type ControllerReply = ControllerReplies[ControllerCommand['type']];
