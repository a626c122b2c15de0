/**
 * The decision behind CreateTopics and behind creation on first use: checks each topic by itself, as Kafka does, and
 * turns the good ones into events. Pure; called by `controller.decider.ts`. Error codes per topic are those of
 * Kafka's ReplicationControlManager; the sentences are ours.
 */
import { ErrorCode, ZERO_UUID } from '@tidemark/wire';
import { topicConfigFault } from '../../settings.js';
import type { ControllerEvent } from '../controller-events.js';
import { METADATA_TOPIC } from '../metadata-image.js';
import type { MetadataState } from '../metadata-state.js';
import { placePartitions } from './placement.js';
import type { BrokerLoad } from './placement.js';
import { collisionKey, topicNameFault } from './topic-names.js';

export interface NewTopic {
  readonly name: string;
  /** Proposed by the caller, because a decider draws no random numbers. */
  readonly topicId: string;
  /** -1: as many as the broker makes by default, or as `assignments` says. */
  readonly partitions: number;
  /** -1: the broker's default, or as `assignments` says. */
  readonly replicationFactor: number;
  /** By partition; empty: the controller chooses. */
  readonly assignments: readonly { readonly partition: number; readonly brokerIds: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface TopicResult {
  readonly name: string;
  readonly topicId: string;
  readonly error: ErrorCode;
  readonly message: string | null;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

export interface TopicDefaults {
  readonly partitions: number;
  readonly replicationFactor: number;
}

/** Partitions that one request may make; Kafka draws the line at 10,000 records too. */
const NEW_PARTITIONS_MAX = 10_000;

interface Refusal {
  readonly error: ErrorCode;
  readonly message: string;
}

interface Plan {
  readonly placement: readonly (readonly number[])[];
  readonly configs: Readonly<Record<string, string>>;
}

export function createTopics(
  state: MetadataState,
  topics: readonly NewTopic[],
  defaults: TopicDefaults,
): { events: ControllerEvent[]; results: TopicResult[] } {
  const events: ControllerEvent[] = [];
  const results: TopicResult[] = [];
  const mentions = mentionsOf(topics);
  const added = new Map<string, string>();
  const loads = leaderLoads(state);
  let budget = NEW_PARTITIONS_MAX;
  for (const topic of topics) {
    // A name given twice makes nothing, not even at its first mention, and gets one result.
    const count = mentions.get(topic.name);
    if (count === undefined) continue;
    mentions.delete(topic.name);
    const plan =
      count > 1
        ? refusal(ErrorCode.INVALID_REQUEST, 'Duplicate topic name in the request')
        : (nameRefusal(state, topic.name, added) ?? planTopic(loads, topic, defaults, budget));
    results.push('error' in plan ? refused(topic, plan) : created(topic, plan));
    if ('error' in plan) continue;
    budget -= plan.placement.length;
    for (const [leader] of plan.placement) addLead(loads, leader ?? -1);
    added.set(collisionKey(topic.name), topic.name);
    events.push(...topicEvents(topic, plan));
  }
  return { events, results };
}

/** How often a request names each of its topics. */
export function mentionsOf(topics: readonly { readonly name: string }[]): Map<string, number> {
  const mentions = new Map<string, number>();
  for (const { name } of topics) mentions.set(name, (mentions.get(name) ?? 0) + 1);
  return mentions;
}

function refusal(error: ErrorCode, message: string): Refusal {
  return { error, message };
}

function refused(topic: NewTopic, { error, message }: Refusal): TopicResult {
  const nothing = { topicId: ZERO_UUID, partitions: -1, replicationFactor: -1, configs: {} };
  return { name: topic.name, error, message, ...nothing };
}

function created({ name, topicId }: NewTopic, { placement, configs }: Plan): TopicResult {
  const sizes = { partitions: placement.length, replicationFactor: placement[0]?.length ?? 0 };
  return { name, topicId, error: ErrorCode.NONE, message: null, ...sizes, configs };
}

function nameRefusal(
  state: MetadataState,
  name: string,
  added: ReadonlyMap<string, string>,
): Refusal | undefined {
  const fault = topicNameFault(name);
  if (fault !== undefined) return refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, fault);
  if (name === METADATA_TOPIC)
    return refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, `'${name}' is the controller's log`);
  if (state.topics.has(name))
    return refusal(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
  const key = collisionKey(name);
  const alike = [...(state.collisions.get(key) ?? [])][0] ?? added.get(key);
  if (alike === undefined) return undefined;
  return refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${alike}`);
}

function planTopic(
  loads: readonly BrokerLoad[],
  topic: NewTopic,
  defaults: TopicDefaults,
  budget: number,
): Plan | Refusal {
  const configs: Record<string, string> = {};
  for (const { name, value } of topic.configs) {
    const fault = value === null ? `${name} has no value` : topicConfigFault(name, value);
    if (fault !== undefined) return refusal(ErrorCode.INVALID_CONFIG, fault);
    if (value !== null) configs[name] = value;
  }
  const placed =
    topic.assignments.length > 0 ? manualPlacement(loads, topic) : chosenPlacement(loads, topic, defaults);
  if ('error' in placed) return placed;
  if (placed.length <= budget) return { placement: placed, configs };
  const message = `Too many partitions in one request: at most ${NEW_PARTITIONS_MAX} can be made`;
  return refusal(ErrorCode.POLICY_VIOLATION, message);
}

function chosenPlacement(
  loads: readonly BrokerLoad[],
  topic: NewTopic,
  defaults: TopicDefaults,
): number[][] | Refusal {
  const partitions = topic.partitions === -1 ? defaults.partitions : topic.partitions;
  if (partitions <= 0)
    return refusal(ErrorCode.INVALID_PARTITIONS, 'Number of partitions must be larger than 0');
  const factor = topic.replicationFactor === -1 ? defaults.replicationFactor : topic.replicationFactor;
  if (factor <= 0) {
    return refusal(ErrorCode.INVALID_REPLICATION_FACTOR, 'Replication factor must be larger than 0');
  }
  if (factor > loads.length) {
    const message = `Replication factor ${factor} is larger than the number of brokers: ${loads.length}`;
    return refusal(ErrorCode.INVALID_REPLICATION_FACTOR, message);
  }
  // One more than allowed is enough to be refused; a request for two thousand million must not be planned first.
  return placePartitions(loads, factor, 0, Math.min(partitions, NEW_PARTITIONS_MAX + 1));
}

function manualPlacement(loads: readonly BrokerLoad[], topic: NewTopic): number[][] | Refusal {
  if (topic.partitions !== -1 || topic.replicationFactor !== -1) {
    const message = 'With a manual assignment, partitions and replication factor must both be -1';
    return refusal(ErrorCode.INVALID_REQUEST, message);
  }
  const sorted = [...topic.assignments].sort((one, other) => one.partition - other.partition);
  if (sorted.some(({ partition }, index) => partition !== index)) {
    const message = 'A manual assignment must name partitions 0, 1, 2, ... each once';
    return refusal(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  }
  const lists = sorted.map(({ brokerIds }) => [...brokerIds]);
  const fault = replicaListsFault(
    lists,
    lists[0]?.length ?? 0,
    new Set(loads.map(({ brokerId }) => brokerId)),
  );
  return fault === undefined ? lists : refusal(ErrorCode.INVALID_REPLICA_ASSIGNMENT, fault);
}

/** What is wrong with replica lists that a client chose; nothing when they can be used. */
export function replicaListsFault(
  lists: readonly (readonly number[])[],
  replicationFactor: number,
  brokers: ReadonlySet<number>,
): string | undefined {
  for (const list of lists) {
    if (list.length === 0) return 'A manual assignment has an empty replica list';
    if (new Set(list).size !== list.length) return `Replica list [${list.join(', ')}] names a broker twice`;
    const unknown = list.find((id) => !brokers.has(id));
    if (unknown !== undefined)
      return `Replica list [${list.join(', ')}] names broker ${unknown}, which is not there`;
    if (list.length !== replicationFactor)
      return `Replica list [${list.join(', ')}] differs in length from the others`;
  }
  return undefined;
}

function topicEvents(topic: NewTopic, { placement, configs }: Plan): ControllerEvent[] {
  return [
    { type: 'TopicCreated', topicId: topic.topicId, name: topic.name },
    ...Object.entries(configs).map(([name, value]): ControllerEvent => {
      return { type: 'ConfigChanged', topic: topic.name, name, value };
    }),
    ...placement.map((replicas, partition) => newPartition(topic.topicId, partition, replicas)),
  ];
}

/** The first leader is the first replica; all replicas begin in sync, because all begin empty. */
export function newPartition(
  topicId: string,
  partition: number,
  replicas: readonly number[],
): ControllerEvent {
  const leader = replicas[0] ?? -1;
  const epochs = { leaderEpoch: 0, partitionEpoch: 0 };
  return { type: 'PartitionCreated', topicId, partition, replicas, isr: replicas, leader, ...epochs };
}

export function leaderLoads(state: MetadataState): BrokerLoad[] {
  const loads = [...state.brokers.keys()].map((brokerId) => ({ brokerId, leads: 0 }));
  for (const topic of state.topics.values()) {
    for (const { replicas } of topic.partitions) addLead(loads, replicas[0] ?? -1);
  }
  return loads;
}

function addLead(loads: BrokerLoad[], brokerId: number): void {
  const index = loads.findIndex((load) => load.brokerId === brokerId);
  const load = loads[index];
  if (load !== undefined) loads[index] = { ...load, leads: load.leads + 1 };
}
