/**
 * The controller: decides what the cluster is. Replayed from the metadata log, run by `controller.ts` on the broker
 * that leads that log; pure, so ids come with the command. One command may carry many items; each succeeds or fails
 * by itself and all their events are one record batch.
 */
import type { Decider, Decision } from '@tidemark/decider';
import type { ControllerEvent } from './controller-events.js';
import { createTopics } from './topics/create-topics.js';
import type { NewTopic, TopicDefaults, TopicResult } from './topics/create-topics.js';
import { MetadataState } from './metadata-state.js';
import { alterConfigs, createPartitions, deleteTopics } from './topics/topic-changes.js';
import type {
  DeletedTopic,
  ItemResult,
  PartitionsResult,
  PartitionsWanted,
  TopicConfigChange,
  TopicReference,
} from './topics/topic-changes.js';

/** Producer ids are handed out in blocks, so that a broker asks the controller once in a thousand producers. */
export const PRODUCER_ID_BLOCK = 1000;

export interface RegisterBroker {
  readonly type: 'RegisterBroker';
  readonly brokerId: number;
  readonly incarnationId: string;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

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
  RegisterBroker | CreateTopics | DeleteTopics | CreatePartitions | AlterConfigs | AllocateProducerIds;

/** The reply to each type of command. */
export interface ControllerReplies {
  RegisterBroker: null;
  CreateTopics: readonly TopicResult[];
  DeleteTopics: readonly DeletedTopic[];
  CreatePartitions: readonly PartitionsResult[];
  AlterConfigs: readonly ItemResult[];
  AllocateProducerIds: { readonly firstProducerId: number; readonly count: number };
}

export type ControllerReply = ControllerReplies[ControllerCommand['type']];
type ControllerDecision = Decision<ControllerEvent, ControllerReply, never>;

export type ControllerDecider = Decider<
  MetadataState,
  ControllerCommand,
  ControllerEvent,
  ControllerReply,
  never
>;

export function controllerDecider(clusterId: string, defaults: TopicDefaults): ControllerDecider {
  return {
    initial: () => new MetadataState(clusterId),
    decide: (state, command) => decide(state, command, defaults),
    evolve: (state, event, offset) => {
      state.evolve(event, offset);
      return state;
    },
  };
}

function decide(
  state: MetadataState,
  command: ControllerCommand,
  defaults: TopicDefaults,
): ControllerDecision {
  switch (command.type) {
    case 'RegisterBroker':
      return { events: registration(state, command), reply: null };
    case 'CreateTopics': {
      const { events, results } = createTopics(state, command.topics, defaults);
      return { events: command.validateOnly ? [] : events, reply: results };
    }
    case 'DeleteTopics': {
      const { events, results } = deleteTopics(state, command.topics);
      return { events, reply: results };
    }
    case 'CreatePartitions': {
      const { events, results } = createPartitions(state, command.topics);
      return { events: command.validateOnly ? [] : events, reply: results };
    }
    case 'AlterConfigs': {
      const { events, results } = alterConfigs(state, command.changes);
      return { events: command.validateOnly ? [] : events, reply: results };
    }
    case 'AllocateProducerIds': {
      const firstProducerId = state.nextProducerId;
      const nextProducerId = firstProducerId + PRODUCER_ID_BLOCK;
      return {
        events: [{ type: 'ProducerIdBlockAllocated', brokerId: command.brokerId, nextProducerId }],
        reply: { firstProducerId, count: PRODUCER_ID_BLOCK },
      };
    }
  }
}

/**
 * A broker that starts again may have lost the unsynced tail of its logs, so the partitions that it led begin a new
 * leader epoch: whoever read that tail finds out by asking where the old epoch ended. The same incarnation
 * registering twice (a lost answer) changes nothing.
 */
function registration(state: MetadataState, command: RegisterBroker): ControllerEvent[] {
  const { type: _type, ...broker } = command;
  const known = state.brokers.get(broker.brokerId);
  if (known?.incarnationId === broker.incarnationId) return [];
  const events: ControllerEvent[] = [{ type: 'BrokerRegistered', ...broker, fenced: false, directoryId: '' }];
  if (known === undefined) return events;
  for (const topic of state.topics.values()) {
    for (const { partition, leader } of topic.partitions) {
      if (leader === broker.brokerId)
        events.push({ type: 'PartitionChanged', topicId: topic.id, partition, leader });
    }
  }
  return events;
}
