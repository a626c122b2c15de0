/**
 * The controller: decides what the cluster is. Replayed from the metadata log, run by `controller.ts` on the broker
 * that leads that log; pure, so ids come with the command. The decisions themselves are in `topics/`, `partitions/`
 * and `brokers/`, one file each. All events of a decision are one record batch.
 */
import type { Decider, Decision } from '@tidemark/decider';
import { brokerHeartbeat, fenceBroker } from './brokers/broker-heartbeat.js';
import { registerBroker, registered } from './brokers/register-broker.js';
import { unregisterBroker } from './brokers/unregister-broker.js';
import type { ControllerCommand, ControllerReply } from './controller-commands.js';
import type { ControllerEvent } from './controller-events.js';
import { MetadataState } from './metadata-state.js';
import { alterPartition } from './partitions/alter-partition.js';
import { completeElections } from './elections/complete-elections.js';
import { electLeaders } from './elections/elect-leaders.js';
import { alterReassignments } from './partitions/reassign.js';
import { rulesOf } from './partitions/rules.js';
import type { TopicDefaults } from './partitions/rules.js';
import { createTopics } from './topics/create-topics.js';
import { alterConfigs, createPartitions, deleteTopics } from './topics/topic-changes.js';

/** Producer ids are handed out in blocks, so that a broker asks the controller once in a thousand producers. */
export const PRODUCER_ID_BLOCK = 1000;

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
    conclude: (state, command, reply) =>
      command.type === 'RegisterBroker' ? registered(state, command.brokerId) : reply,
  };
}

function decide(
  state: MetadataState,
  command: ControllerCommand,
  defaults: TopicDefaults,
): ControllerDecision {
  switch (command.type) {
    case 'RegisterBroker':
      return registerBroker(state, command, defaults);
    case 'BrokerHeartbeat':
      return brokerHeartbeat(state, command, defaults);
    case 'FenceBroker':
      return fenceBroker(state, command, defaults);
    case 'UnregisterBroker':
      return unregisterBroker(state, command);
    case 'CreateTopics': {
      const { events, results } = createTopics(rulesOf(state, defaults), state, command.topics);
      return { events: command.validateOnly ? [] : events, reply: results };
    }
    case 'DeleteTopics': {
      const { events, results } = deleteTopics(state, command.topics);
      return { events, reply: results };
    }
    case 'CreatePartitions': {
      const { events, results } = createPartitions(rulesOf(state, defaults), command.topics);
      return { events: command.validateOnly ? [] : events, reply: results };
    }
    case 'AlterConfigs': {
      const { events, results } = alterConfigs(rulesOf(state, defaults), command.changes);
      return { events: command.validateOnly ? [] : events, reply: results };
    }
    case 'AlterPartition':
      return alterPartition(rulesOf(state, defaults), command);
    case 'ElectLeaders':
      return electLeaders(rulesOf(state, defaults), command);
    case 'CompleteElections':
      return completeElections(rulesOf(state, defaults), command.elections);
    case 'AlterReassignments':
      return alterReassignments(rulesOf(state, defaults), command);
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
