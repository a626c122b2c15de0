/**
 * The decisions behind DeleteTopics, CreatePartitions and the topic half of AlterConfigs: each item checked by
 * itself, the good ones turned into events. Pure; called by `controller.decider.ts`.
 */
import { topicConfigDefinition } from '@tidemark/log';
import { ErrorCode } from '@tidemark/wire';
import { topicConfigFault } from '../../settings.js';
import type { ControllerEvent } from '../controller-events.js';
import { leaderLoads, newPartition, replicaListsFault, mentionsOf } from './create-topics.js';
import type { TopicImage } from '../metadata-image.js';
import type { MetadataState } from '../metadata-state.js';
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
  state: MetadataState,
  wanted: readonly PartitionsWanted[],
): { events: ControllerEvent[]; results: PartitionsResult[] } {
  const events: ControllerEvent[] = [];
  const mentions = mentionsOf(wanted);
  const results = [...new Map(wanted.map((item) => [item.name, item])).values()].map(
    (item): PartitionsResult => {
      const outcome =
        (mentions.get(item.name) ?? 0) > 1
          ? { error: ErrorCode.INVALID_REQUEST, message: 'Duplicate topic name in the request' }
          : partitionEvents(state, item);
      if (!('events' in outcome)) return { name: item.name, ...outcome };
      events.push(...outcome.events);
      return { name: item.name, ...DONE };
    },
  );
  return { events, results };
}

function partitionEvents(
  state: MetadataState,
  wanted: PartitionsWanted,
): { events: ControllerEvent[] } | ItemResult {
  const topic = state.topics.get(wanted.name);
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
  const placement = wanted.assignments ?? choosePlacement(state, topic, added);
  const fault = assignmentFault(state, topic, placement, added);
  if (fault !== undefined) return { error: ErrorCode.INVALID_REPLICA_ASSIGNMENT, message: fault };
  return { events: placement.map((replicas, index) => newPartition(topic.id, current + index, replicas)) };
}

function choosePlacement(state: MetadataState, topic: TopicImage, added: number): number[][] {
  const factor = Math.min(topic.partitions[0]?.replicas.length ?? 1, state.brokers.size);
  return placePartitions(leaderLoads(state), factor, topic.partitions.length, added);
}

function assignmentFault(
  state: MetadataState,
  topic: TopicImage,
  placement: readonly (readonly number[])[],
  added: number,
): string | undefined {
  if (placement.length !== added)
    return `${added} partitions are added, but ${placement.length} replica lists are given`;
  const factor = topic.partitions[0]?.replicas.length ?? 1;
  return replicaListsFault(placement, factor, new Set(state.brokers.keys()));
}

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
  state: MetadataState,
  changes: readonly TopicConfigChange[],
): { events: ControllerEvent[]; results: ItemResult[] } {
  const events: ControllerEvent[] = [];
  const results = changes.map((change): ItemResult => {
    const topic = state.topics.get(change.topic);
    if (topic === undefined) {
      const message = `The topic '${change.topic}' does not exist.`;
      return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message };
    }
    const outcome = configEvents(topic, change);
    if ('fault' in outcome) return { error: outcome.error, message: outcome.fault };
    events.push(...outcome.events);
    return DONE;
  });
  return { events, results };
}

function configEvents(
  topic: TopicImage,
  change: TopicConfigChange,
): { events: ControllerEvent[] } | { error: ErrorCode; fault: string } {
  const values = new Map<string, string | null>();
  if (change.replaceAll) for (const name of Object.keys(topic.configs)) values.set(name, null);
  const named = new Set<string>();
  for (const { name, operation, value } of change.operations) {
    if (named.has(name)) return { error: ErrorCode.INVALID_REQUEST, fault: `${name} is given twice` };
    named.add(name);
    const outcome = operation === 'delete' ? unset(name) : newValue(topic, name, operation, value);
    if ('fault' in outcome) return { error: ErrorCode.INVALID_CONFIG, fault: outcome.fault };
    values.set(name, outcome.value);
  }
  const events: ControllerEvent[] = [];
  for (const [name, value] of values) {
    if ((topic.configs[name] ?? null) === value) continue;
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
