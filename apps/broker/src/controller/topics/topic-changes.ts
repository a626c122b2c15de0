/**
 * The decisions behind DeleteTopics, CreatePartitions and the topic half of AlterConfigs: each item checked by
 * itself, the good ones turned into events. Pure; called by `controller.decider.ts`.
 */
import { topicConfigDefinition } from '@tidemark/log';
import { ErrorCode } from '@tidemark/wire';
import { topicConfigFault } from '../../settings.js';
import type { ConfigChanged, ControllerEvent } from '../controller-events.js';
import { REPLICATION_PROTOCOL, replicationProtocol } from '../metadata-image.js';
import type { TopicImage } from '../metadata-image.js';
import type { MetadataState } from '../metadata-state.js';
import { changePartition } from '../partitions/partition-change.js';
import type { Rules } from '../partitions/rules.js';
import { leaderLoads, mentionsOf, newPartition, replicaListsFault, tooFewBrokers } from './create-topics.js';
import { placePartitions } from './placement.js';

export interface ItemResult {
  readonly error: ErrorCode;
  readonly message: string | null;
}

export const DONE: ItemResult = { error: ErrorCode.NONE, message: null };

/** A topic named by name or by id, never by both. */
export interface TopicReference {
  readonly name: string | null;
  readonly topicId: string | null;
}

export interface DeletedTopic extends ItemResult {
  readonly name: string | null;
  readonly topicId: string | null;
}

export function deleteTopics(
  state: MetadataState,
  references: readonly TopicReference[],
): { events: ControllerEvent[]; results: DeletedTopic[] } {
  const events: ControllerEvent[] = [];
  const seen = new Set<string>();
  const results = references.map(({ name, topicId }): DeletedTopic => {
    const fail = (error: ErrorCode, message: string): DeletedTopic => ({ name, topicId, error, message });
    if ((name === null) === (topicId === null)) {
      return fail(ErrorCode.INVALID_REQUEST, 'A topic is named by its name or by its id, and not by both');
    }
    const topic = name === null ? state.topicsById.get(topicId ?? '') : state.topics.get(name);
    if (topic === undefined) {
      return name === null
        ? fail(ErrorCode.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.')
        : fail(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.');
    }
    if (seen.has(topic.id)) return fail(ErrorCode.INVALID_REQUEST, 'Duplicate topic in the request');
    seen.add(topic.id);
    if (topic.internal) return fail(ErrorCode.INVALID_TOPIC_EXCEPTION, 'An internal topic cannot be deleted');
    events.push({ type: 'TopicDeleted', topicId: topic.id });
    return { name: topic.name, topicId: topic.id, ...DONE };
  });
  return { events, results };
}

export interface PartitionsWanted {
  readonly name: string;
  /** Partitions that the topic shall have in all. */
  readonly count: number;
  /** Replica lists of the new ones; null: the controller chooses. */
  readonly assignments: readonly (readonly number[])[] | null;
}

export interface PartitionsResult extends ItemResult {
  readonly name: string;
}

const PARTITIONS_MAX = 10_000;

export function createPartitions(
  rules: Rules,
  wanted: readonly PartitionsWanted[],
): { events: ControllerEvent[]; results: PartitionsResult[] } {
  const events: ControllerEvent[] = [];
  const mentions = mentionsOf(wanted);
  const results = [...new Map(wanted.map((item) => [item.name, item])).values()].map(
    (item): PartitionsResult => {
      const outcome =
        (mentions.get(item.name) ?? 0) > 1
          ? { error: ErrorCode.INVALID_REQUEST, message: 'Duplicate topic name in the request' }
          : partitionEvents(rules, item);
      if (!('events' in outcome)) return { name: item.name, ...outcome };
      events.push(...outcome.events);
      return { name: item.name, ...DONE };
    },
  );
  return { events, results };
}

function partitionEvents(rules: Rules, wanted: PartitionsWanted): { events: ControllerEvent[] } | ItemResult {
  const topic = rules.state.topics.get(wanted.name);
  if (topic === undefined) {
    return {
      error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      message: 'This server does not host this topic-partition.',
    };
  }
  const current = topic.partitions.length;
  const added = wanted.count - current;
  if (added <= 0) {
    const message = `Topic currently has ${current} partitions, which is not fewer than the requested ${wanted.count}.`;
    return { error: ErrorCode.INVALID_PARTITIONS, message };
  }
  if (added > PARTITIONS_MAX) {
    return {
      error: ErrorCode.INVALID_PARTITIONS,
      message: `At most ${PARTITIONS_MAX} partitions can be added at once`,
    };
  }
  const factor = topic.partitions[0]?.replicas.length ?? 1;
  const placement = wanted.assignments ?? choosePlacement(rules, topic, { factor, added });
  if ('error' in placement) return placement;
  const fault =
    placement.length === added
      ? replicaListsFault(rules, placement, factor)
      : `${added} partitions are added, but ${placement.length} replica lists are given`;
  if (fault !== undefined) return { error: ErrorCode.INVALID_REPLICA_ASSIGNMENT, message: fault };
  return {
    events: placement.map((replicas, index) => newPartition(rules, topic, current + index, replicas)),
  };
}

function choosePlacement(
  rules: Rules,
  topic: TopicImage,
  { factor, added }: { factor: number; added: number },
): number[][] | ItemResult {
  const loads = leaderLoads(rules);
  return tooFewBrokers(loads, factor) ?? placePartitions(loads, factor, topic.partitions.length, added);
}

/** What they say decides who is eligible to lead. */
const ELECTION_CONFIGS: ReadonlySet<string> = new Set([
  'min.insync.replicas',
  'unclean.leader.election.enable',
]);

export type ConfigOperation = 'set' | 'delete' | 'append' | 'subtract';

export interface TopicConfigChange {
  readonly topic: string;
  readonly operations: readonly {
    readonly name: string;
    readonly operation: ConfigOperation;
    readonly value: string | null;
  }[];
  /** AlterConfigs: overrides that are not named go back to their default. */
  readonly replaceAll: boolean;
}

/** One result for each change, in order. */
export function alterConfigs(
  rules: Rules,
  changes: readonly TopicConfigChange[],
): { events: ControllerEvent[]; results: ItemResult[] } {
  const events: ControllerEvent[] = [];
  const results = changes.map((change): ItemResult => {
    const topic = rules.state.topics.get(change.topic);
    if (topic === undefined) {
      const message = `The topic '${change.topic}' does not exist.`;
      return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message };
    }
    const outcome = configEvents(topic, change);
    if ('fault' in outcome) return { error: outcome.error, message: outcome.fault };
    events.push(...outcome.events, ...consequences(rules, topic, outcome.events));
    return DONE;
  });
  return { events, results };
}

/** Fewer replicas demanded in sync end the eligibility of others; unclean election may find a leader at once. */
function consequences(rules: Rules, topic: TopicImage, changes: readonly ConfigChanged[]): ControllerEvent[] {
  const deciding = changes.filter(({ name }) => ELECTION_CONFIGS.has(name));
  if (deciding.length === 0) return [];
  const configs: Record<string, string> = { ...topic.configs };
  for (const { name, value } of deciding) {
    if (value === null) Reflect.deleteProperty(configs, name);
    else configs[name] = value;
  }
  return topic.partitions.flatMap(
    (partition) => changePartition(rules, { ...topic, configs }, partition, { election: 'needed' }) ?? [],
  );
}

function configEvents(
  topic: TopicImage,
  change: TopicConfigChange,
): { events: ConfigChanged[] } | { error: ErrorCode; fault: string } {
  const values = new Map<string, string | null>();
  if (change.replaceAll) {
    for (const name of Object.keys(topic.configs)) {
      if (name !== REPLICATION_PROTOCOL) values.set(name, null);
    }
  }
  const named = new Set<string>();
  for (const { name, operation, value } of change.operations) {
    if (named.has(name)) return { error: ErrorCode.INVALID_REQUEST, fault: `${name} is given twice` };
    named.add(name);
    const outcome = operation === 'delete' ? unset(name) : newValue(topic, name, operation, value);
    if ('fault' in outcome) return { error: ErrorCode.INVALID_CONFIG, fault: outcome.fault };
    values.set(name, outcome.value);
  }
  const events: ConfigChanged[] = [];
  for (const [name, value] of values) {
    if ((topic.configs[name] ?? null) === value) continue;
    if (name === REPLICATION_PROTOCOL && (value ?? 'primary-backup') !== replicationProtocol(topic)) {
      const fault = `${name} is chosen when a topic is created; '${topic.name}' stays ${replicationProtocol(topic)}`;
      return { error: ErrorCode.INVALID_CONFIG, fault };
    }
    events.push({ type: 'ConfigChanged', topic: topic.name, name, value });
  }
  return { events };
}

function unset(name: string): { value: null } | { fault: string } {
  if (topicConfigDefinition(name) !== undefined) return { value: null };
  return { fault: `Unknown topic config name: ${name}` };
}

function newValue(
  topic: TopicImage,
  name: string,
  operation: 'set' | 'append' | 'subtract',
  value: string | null,
): { value: string } | { fault: string } {
  if (value === null) return { fault: `${name} has no value` };
  const definition = topicConfigDefinition(name);
  if (definition === undefined) return { fault: `Unknown topic config name: ${name}` };
  let text = value;
  if (operation !== 'set') {
    if (definition.type !== 'list') return { fault: `${name} is no list: it can only be set or deleted` };
    const before = (topic.configs[name] ?? definition.defaultText).split(',').filter((item) => item !== '');
    const items = value.split(',').map((item) => item.trim());
    const after =
      operation === 'append'
        ? [...new Set([...before, ...items])]
        : before.filter((item) => !items.includes(item));
    text = after.join(',');
  }
  const fault = topicConfigFault(name, text);
  return fault === undefined ? { value: text } : { fault };
}
