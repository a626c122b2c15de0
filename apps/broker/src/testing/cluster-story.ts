/**
 * Words for specs of the controller's decisions: brokers, partitions and changes as events, and commands with the
 * fields that a spec does not care about filled in. The n-th event of a story has offset n, which is the epoch of the
 * broker that it registers.
 */
import { fold } from '@tidemark/decider';
import type { ControllerCommand, ControllerReplies } from '../controller/controller-commands.js';
import { controllerDecider } from '../controller/controller.decider.js';
import type { ControllerEvent, PartitionChanged } from '../controller/controller-events.js';
import type { MetadataState } from '../controller/metadata-state.js';
import type { PartitionImage } from '../controller/metadata-image.js';
import type { AlterPartition } from '../controller/partitions/alter-partition.js';

export const CLUSTER = 'cluster';
export const TOPIC = '00000000-0000-4000-8000-000000000001';

export const decider = controllerDecider(CLUSTER, {
  partitions: 1,
  replicationFactor: 3,
  minInsyncReplicas: 2,
  uncleanElection: false,
});

const uuid = (kind: number, n: number): string =>
  `0000000${kind}-0000-4000-8000-${String(n).padStart(12, '0')}`;

export const directoryOf = (brokerId: number, n = 0): string => uuid(1, brokerId + 100 * n);
export const incarnationOf = (brokerId: number, n = 0): string => uuid(2, brokerId + 100 * n);

export function registered(brokerId: number, fenced = false): ControllerEvent {
  return {
    type: 'BrokerRegistered',
    brokerId,
    incarnationId: incarnationOf(brokerId),
    host: 'h',
    port: 9000 + brokerId,
    rack: null,
    directoryId: directoryOf(brokerId),
    fenced,
  };
}

/** Brokers 1 to n, alive; broker b has epoch b - 1. */
export function brokers(count: number): ControllerEvent[] {
  return Array.from({ length: count }, (_, index) => registered(index + 1));
}

export interface StoryTopic {
  readonly replicas?: readonly number[];
  readonly configs?: Readonly<Record<string, string>>;
}

/** Topic `t` with one partition, everybody in sync and the first replica leading. */
export function topic({ replicas = [1, 2, 3], configs = {} }: StoryTopic = {}): ControllerEvent[] {
  const [leader = -1] = replicas;
  return [
    { type: 'TopicCreated', topicId: TOPIC, name: 't' },
    ...Object.entries(configs).map(([name, value]) => {
      return { type: 'ConfigChanged', topic: 't', name, value } as const;
    }),
    {
      type: 'PartitionCreated',
      topicId: TOPIC,
      partition: 0,
      replicas,
      isr: replicas,
      leader,
      leaderEpoch: 0,
      partitionEpoch: 0,
    },
  ];
}

export const QUORUM = { configs: { 'replication.protocol': 'quorum' } };

export function changed(change: Omit<PartitionChanged, 'type' | 'topicId' | 'partition'>): PartitionChanged {
  return { type: 'PartitionChanged', topicId: TOPIC, partition: 0, ...change };
}

export function proposal(
  leader: number,
  isr: readonly number[],
  rest: Partial<AlterPartition['partitions'][0]> = {},
): AlterPartition {
  const newIsr = isr.map((brokerId) => ({ brokerId, brokerEpoch: brokerId - 1 }));
  const epochs = { leaderEpoch: 0, partitionEpoch: 0 };
  return {
    type: 'AlterPartition',
    brokerId: leader,
    brokerEpoch: leader - 1,
    partitions: [{ topicId: TOPIC, partition: 0, ...epochs, newIsr, recovering: false, ...rest }],
  };
}

/** A story that goes on: each command is decided on what the earlier ones led to. */
export class ClusterStory {
  readonly events: ControllerEvent[] = [];
  state: MetadataState = decider.initial();

  constructor(events: readonly ControllerEvent[] = []) {
    this.happen(...events);
  }

  happen(...events: readonly ControllerEvent[]): void {
    for (const event of events) {
      this.state = decider.evolve(this.state, event, this.events.length);
      this.events.push(event);
    }
  }

  decide<Command extends ControllerCommand>(command: Command): ControllerReplies[Command['type']] {
    const decision = decider.decide(this.state, command);
    if (!('reply' in decision)) throw new Error('the controller refused a whole command');
    this.happen(...decision.events);
    const reply = decider.conclude?.(this.state, command, decision.reply) ?? decision.reply;
    return reply as ControllerReplies[Command['type']];
  }

  partition(index = 0): PartitionImage {
    const partition = this.state.topics.get('t')?.partitions[index];
    if (partition === undefined) throw new Error(`there is no partition ${index}`);
    return partition;
  }

  epochOf(brokerId: number): number {
    return this.state.brokers.get(brokerId)?.epoch ?? -1;
  }

  fence(brokerId: number): void {
    this.decide({ type: 'FenceBroker', brokerId, brokerEpoch: this.epochOf(brokerId) });
  }

  heartbeat(brokerId: number, wishes: { wantFence?: boolean; wantShutDown?: boolean } = {}) {
    const metadataOffset = this.events.length - 1;
    const wants = { wantFence: false, wantShutDown: false, ...wishes };
    const brokerEpoch = this.epochOf(brokerId);
    return this.decide({ type: 'BrokerHeartbeat', brokerId, brokerEpoch, metadataOffset, ...wants });
  }

  /** A new incarnation registers; by default it lost nothing. */
  restart(brokerId: number, how: { lossy?: boolean; directoryId?: string } = {}): void {
    const epoch = this.epochOf(brokerId);
    this.decide({
      type: 'RegisterBroker',
      brokerId,
      clusterId: CLUSTER,
      incarnationId: incarnationOf(brokerId, this.events.length),
      host: 'h',
      port: 9000 + brokerId,
      rack: null,
      directoryId: how.directoryId ?? this.state.brokers.get(brokerId)?.directoryId ?? directoryOf(brokerId),
      previousBrokerEpoch: how.lossy === true ? -1 : epoch,
      contested: false,
    });
  }

  /** The leader proposes, with everything as it is now. */
  propose(isr: readonly number[], recovering = false) {
    const { leader, leaderEpoch, partitionEpoch } = this.partition();
    const newIsr = isr.map((brokerId) => ({ brokerId, brokerEpoch: this.epochOf(brokerId) }));
    const reply = this.decide({
      type: 'AlterPartition',
      brokerId: leader,
      brokerEpoch: this.epochOf(leader),
      partitions: [{ topicId: TOPIC, partition: 0, leaderEpoch, partitionEpoch, newIsr, recovering }],
    });
    return 'results' in reply ? reply.results[0] : reply;
  }
}

export function stateOf(events: readonly ControllerEvent[]): MetadataState {
  return fold(decider, events);
}
