/**
 * The decision behind CreateTopics and behind creation on first use: checks each topic by itself, as Kafka does, and
 * turns the good ones into events. Pure; called by `controller.decider.ts`. Error codes per topic are those of
 * Kafka's ReplicationControlManager; the sentences are ours.
 */
import { ErrorCode, ZERO_UUID } from '@tidemark/wire';
import { topicConfigFault } from '../../settings.js';
import type { ControllerEvent } from '../controller-events.js';
import { METADATA_TOPIC, REPLICATION_PROTOCOL, replicationProtocol } from '../metadata-image.js';
import type { TopicImage } from '../metadata-image.js';
import type { MetadataState } from '../metadata-state.js';
import type { Rules } from '../partitions/rules.js';
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

/** Partitions that one request may make; Kafka draws the line at 10,000 records too. */
const NEW_PARTITIONS_MAX = 10_000;

export interface Refusal {
  readonly error: ErrorCode;
  readonly message: string;
}

interface Plan {
  readonly placement: readonly (readonly number[])[];
  readonly configs: Readonly<Record<string, string>>;
}

export function createTopics(
  rules: Rules,
  state: Pick<MetadataState, 'topics' | 'collisions'>,
  topics: readonly NewTopic[],
): { events: ControllerEvent[]; results: TopicResult[] } {
  const events: ControllerEvent[] = [];
  const results: TopicResult[] = [];
  const mentions = mentionsOf(topics);
  const added = new Map<string, string>();
  const loads = leaderLoads(rules);
  let budget = NEW_PARTITIONS_MAX;
  for (const topic of topics) {
    // A name given twice makes nothing, not even at its first mention, and gets one result.
    const count = mentions.get(topic.name);
    if (count === undefined) continue;
    mentions.delete(topic.name);
    const plan =
      count > 1
        ? refusal(ErrorCode.INVALID_REQUEST, 'Duplicate topic name in the request')
        : (nameRefusal(state, topic.name, added) ?? planTopic(rules, loads, topic, budget));
    results.push('error' in plan ? refused(topic, plan) : created(topic, plan));
    if ('error' in plan) continue;
    budget -= plan.placement.length;
    for (const [leader] of plan.placement) addLead(loads, leader ?? -1);
    added.set(collisionKey(topic.name), topic.name);
    events.push(...topicEvents(rules, topic, plan));
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
  state: Pick<MetadataState, 'topics' | 'collisions'>,
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
  rules: Rules,
  loads: readonly BrokerLoad[],
  topic: NewTopic,
  budget: number,
): Plan | Refusal {
  const configs: Record<string, string> = {};
  for (const { name, value } of topic.configs) {
    const fault = value === null ? `${name} has no value` : topicConfigFault(name, value);
    if (fault !== undefined) return refusal(ErrorCode.INVALID_CONFIG, fault);
    if (value !== null) configs[name] = value;
  }
  const placed =
    topic.assignments.length > 0 ? manualPlacement(rules, topic) : chosenPlacement(rules, loads, topic);
  if ('error' in placed) return placed;
  const even = protocolRefusal(configs, placed[0]?.length ?? 0);
  if (even !== undefined) return even;
  if (placed.length <= budget) return { placement: placed, configs };
  const message = `Too many partitions in one request: at most ${NEW_PARTITIONS_MAX} can be made`;
  return refusal(ErrorCode.POLICY_VIOLATION, message);
}

/** What forbids so many replicas to a topic of this configuration. */
function protocolRefusal(configs: Readonly<Record<string, string>>, replicas: number): Refusal | undefined {
  if (configs[REPLICATION_PROTOCOL] !== 'quorum' || replicas % 2 === 1) return undefined;
  const message = `A quorum topic has an odd number of replicas, not ${replicas}: one more bears no more failures`;
  return refusal(ErrorCode.INVALID_REPLICATION_FACTOR, message);
}

function chosenPlacement(
  { defaults }: Rules,
  loads: readonly BrokerLoad[],
  topic: NewTopic,
): number[][] | Refusal {
  const partitions = topic.partitions === -1 ? defaults.partitions : topic.partitions;
  if (partitions <= 0)
    return refusal(ErrorCode.INVALID_PARTITIONS, 'Number of partitions must be larger than 0');
  const factor = topic.replicationFactor === -1 ? defaults.replicationFactor : topic.replicationFactor;
  if (factor <= 0) {
    return refusal(ErrorCode.INVALID_REPLICATION_FACTOR, 'Replication factor must be larger than 0');
  }
  const few = tooFewBrokers(loads, factor);
  if (few !== undefined) return few;
  // One more than allowed is enough to be refused; a request for two thousand million must not be planned first.
  return placePartitions(loads, factor, 0, Math.min(partitions, NEW_PARTITIONS_MAX + 1));
}

export function tooFewBrokers(loads: readonly BrokerLoad[], factor: number): Refusal | undefined {
  if (factor <= loads.length) return undefined;
  const message = `Replication factor ${factor} is larger than the number of brokers that are alive: ${loads.length}`;
  return refusal(ErrorCode.INVALID_REPLICATION_FACTOR, message);
}

function manualPlacement(rules: Rules, topic: NewTopic): number[][] | Refusal {
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
  const fault = replicaListsFault(rules, lists, lists[0]?.length ?? 0);
  return fault === undefined ? lists : refusal(ErrorCode.INVALID_REPLICA_ASSIGNMENT, fault);
}

/** What is wrong with replica lists that a client chose; nothing when they can be used. */
export function replicaListsFault(
  { state, active }: Rules,
  lists: readonly (readonly number[])[],
  replicationFactor: number,
): string | undefined {
  for (const list of lists) {
    if (list.length === 0) return 'A manual assignment has an empty replica list';
    if (new Set(list).size !== list.length) return `Replica list [${list.join(', ')}] names a broker twice`;
    const unknown = list.find((id) => !state.brokers.has(id));
    if (unknown !== undefined)
      return `Replica list [${list.join(', ')}] names broker ${unknown}, which is not there`;
    if (list.length !== replicationFactor)
      return `Replica list [${list.join(', ')}] differs in length from the others`;
    if (!list.some(active)) return `Replica list [${list.join(', ')}] names no broker that is alive`;
  }
  return undefined;
}

function topicEvents(rules: Rules, topic: NewTopic, { placement, configs }: Plan): ControllerEvent[] {
  return [
    { type: 'TopicCreated', topicId: topic.topicId, name: topic.name },
    ...Object.entries(configs).map(([name, value]): ControllerEvent => {
      return { type: 'ConfigChanged', topic: topic.name, name, value };
    }),
    ...placement.map((replicas, partition) =>
      newPartition(rules, { id: topic.topicId, configs }, partition, replicas),
    ),
  ];
}

/**
 * All replicas that are alive begin in sync, because all begin empty; the first of them leads. In a quorum topic the
 * others are eligible too: they have acknowledged nothing that they could lack.
 */
export function newPartition(
  { active }: Pick<Rules, 'active'>,
  topic: Pick<TopicImage, 'id' | 'configs'>,
  partition: number,
  replicas: readonly number[],
): ControllerEvent {
  const alive = replicas.filter(active);
  const isr = replicationProtocol(topic) === 'quorum' ? replicas : alive;
  const epochs = { leaderEpoch: 0, partitionEpoch: 0 };
  const leader = alive[0] ?? -1;
  return { type: 'PartitionCreated', topicId: topic.id, partition, replicas, isr, leader, ...epochs };
}

/** The brokers that can be given replicas, and what they lead by preference. */
export function leaderLoads({ state, active }: Rules): BrokerLoad[] {
  const loads = [...state.brokers.keys()].filter(active).map((brokerId) => ({ brokerId, leads: 0 }));
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
