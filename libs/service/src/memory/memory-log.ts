/**
 * The logs of a cluster in memory: records by topic and partition, committed offsets and group members by group, and
 * who wants to hear of appends. Shared by the `MemoryTopics` of all replicas of a test or a simulation.
 */
import { partitionKey } from '@tidemark/contracts';
import { assignCopartitioned } from '../topics/copartition.js';
import { TopicsError } from '../topics/topics.js';
import type { OutgoingRecord, TopicRecord, TopicSpec } from '../topics/topics.js';

export interface GroupMember {
  readonly id: string;
  readonly topics: readonly string[];
  held(): readonly number[];
  assigned(partitions: ReadonlySet<number>): void;
}

interface MemoryPartition {
  readonly records: TopicRecord[];
  /** Offset of the first record kept; `records[0]` has it. */
  start: number;
}

interface MemoryTopic {
  readonly spec: TopicSpec;
  readonly partitions: MemoryPartition[];
}

export class MemoryLog {
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #listeners = new Set<(topic: string, partition: number) => void>();
  readonly #groups = new Map<string, Map<string, GroupMember>>();
  readonly #committed = new Map<string, Map<string, number>>();

  create(spec: TopicSpec): void {
    const partitions = Array.from({ length: spec.partitions }, () => ({ records: [], start: 0 }));
    this.#topics.set(spec.name, { spec, partitions });
  }

  spec(topic: string): TopicSpec | undefined {
    return this.#topics.get(topic)?.spec;
  }

  partitions(topic: string): number {
    const found = this.#topics.get(topic);
    if (found === undefined) throw new TopicsError('unknown-topic', `${topic} does not exist`);
    return found.partitions.length;
  }

  start(topic: string, partition: number): number {
    return this.#partition(topic, partition).start;
  }

  end(topic: string, partition: number): number {
    const { start, records } = this.#partition(topic, partition);
    return start + records.length;
  }

  /** Appends and tells the listeners; answers the first offset. */
  append(topic: string, partition: number, records: readonly OutgoingRecord[], timestamp: number): number {
    const log = this.#partition(topic, partition);
    const base = log.start + log.records.length;
    records.forEach((record, index) => {
      log.records.push(toRecord(record, { topic, partition, offset: base + index, timestamp }));
    });
    for (const listener of this.#listeners) listener(topic, partition);
    return base;
  }

  /** From `position` on, at most `max` records. */
  read(topic: string, partition: number, position: number, max: number): TopicRecord[] {
    const { start, records } = this.#partition(topic, partition);
    return records.slice(position - start, position - start + max);
  }

  /** Retention: forgets what lies before `offset`. */
  deleteBefore(topic: string, partition: number, offset: number): void {
    const log = this.#partition(topic, partition);
    log.records.splice(0, Math.max(0, offset - log.start));
    log.start = Math.max(log.start, offset);
  }

  listen(listener: (topic: string, partition: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  committed(group: string, topic: string, partition: number): number | undefined {
    return this.#committed.get(group)?.get(partitionKey(topic, partition));
  }

  commit(group: string, topic: string, partition: number, position: number): void {
    const offsets = this.#committed.get(group) ?? new Map<string, number>();
    offsets.set(partitionKey(topic, partition), position);
    this.#committed.set(group, offsets);
  }

  join(group: string, member: GroupMember): void {
    const members = this.#groups.get(group) ?? new Map<string, GroupMember>();
    members.set(member.id, member);
    this.#groups.set(group, members);
    this.#rebalance(members);
  }

  leave(group: string, memberId: string): void {
    const members = this.#groups.get(group);
    if (members?.delete(memberId) === true) this.#rebalance(members);
  }

  #rebalance(members: ReadonlyMap<string, GroupMember>): void {
    if (members.size === 0) return;
    const all = [...members.values()];
    const topics = new Set(all.flatMap((member) => member.topics));
    const counts = new Map([...topics].map((topic) => [topic, this.partitions(topic)]));
    const claims = all.map((member) => ({ id: member.id, topics: member.topics, held: member.held() }));
    const assignments = assignCopartitioned(claims, counts);
    // Eager: everybody hears in one go; who loses a partition hears before who gets it.
    const numbers = all.map((member) => new Set([...(assignments.get(member.id)?.values() ?? [])].flat()));
    all.forEach((member, index) => {
      const next = numbers[index] ?? new Set();
      member.assigned(new Set(member.held().filter((partition) => next.has(partition))));
    });
    all.forEach((member, index) => member.assigned(numbers[index] ?? new Set()));
  }

  #partition(topic: string, partition: number): MemoryPartition {
    const found = this.#topics.get(topic)?.partitions[partition];
    if (found === undefined) throw new TopicsError('unknown-topic', `${topic}/${partition} does not exist`);
    return found;
  }
}

function toRecord(
  record: OutgoingRecord,
  place: Pick<TopicRecord, 'topic' | 'partition' | 'offset' | 'timestamp'>,
): TopicRecord {
  const rawKey = toBuffer(record.key);
  const headers: Record<string, Buffer | readonly Buffer[]> = {};
  for (const [name, value] of Object.entries(record.headers ?? {})) {
    headers[name] =
      typeof value === 'string' || value instanceof Uint8Array
        ? copied(value)
        : value.map((part) => copied(part));
  }
  return { ...place, key: rawKey?.toString('utf8') ?? null, rawKey, value: toBuffer(record.value), headers };
}

function toBuffer(bytes: string | Uint8Array | null): Buffer | null {
  return bytes === null ? null : copied(bytes);
}

function copied(bytes: string | Uint8Array): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes);
}
