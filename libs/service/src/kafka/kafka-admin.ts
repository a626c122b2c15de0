/**
 * Questions to the cluster: topics, partition counts, log bounds and ends, committed offsets. One admin client per
 * process, made when first needed and thrown away on any error, because a topic that has gone poisons kafkajs's metadata
 * of all others; and one that asks for log ends only, which every submission waits for. Counts of partitions are
 * remembered; they are fixed for the platform's topics.
 */
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { sleep } from '@tidemark/platform';
import { SharedAnswer } from '../topics/shared-answer.js';
import type { TopicSpec } from '../topics/topics.js';
import { TopicsError } from '../topics/topics.js';
import { createMissing } from './create-topics.js';
import { createCluster, createKafka, innermostError, protocolErrorType } from './kafka-client.js';
import type { KafkaCluster, KafkaSettings } from './kafka-client.js';

/** First offset kept and next offset to be written. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

const DEADLINE_MS = 30_000;
const BACK_OFF_MS = 100;
const BACK_OFF_MAX_MS = 1_000;
/** A topic just created may not be known everywhere yet; after this it does not exist. */
const UNKNOWN_TOPIC_MS = 1_500;

export class KafkaAdmin {
  readonly #settings: KafkaSettings;
  readonly #closed = new AbortController();
  readonly #partitions = new Map<string, Promise<number>>();
  readonly #bounds = new Map<string, SharedAnswer<ReadonlyMap<number, LogBounds>>>();
  readonly #ends = new Map<string, SharedAnswer<ReadonlyMap<number, number>>>();
  #admin: Promise<Admin> | undefined;
  #cluster: Promise<KafkaCluster> | undefined;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /** Rejects with `unknown-topic` or `unavailable`. */
  partitions(topic: string): Promise<number> {
    const known = this.#partitions.get(topic);
    if (known !== undefined) return known;
    const asked = this.#askAdmin(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length ?? 0;
    });
    this.#partitions.set(topic, asked);
    asked.catch(() => this.#partitions.delete(topic));
    return asked;
  }

  /** Forgets what is known of a topic, because somebody found it gone. */
  forget(topic: string): void {
    this.#partitions.delete(topic);
    this.#bounds.delete(topic);
    this.#ends.delete(topic);
  }

  /** As they are after the call; those who ask at once share a question. */
  bounds(topic: string): Promise<ReadonlyMap<number, LogBounds>> {
    return sharedIn(this.#bounds, topic, () => this.#askBounds(topic));
  }

  /** As `bounds`, the ends alone: half the requests, and no metadata with them. */
  ends(topic: string): Promise<ReadonlyMap<number, number>> {
    return sharedIn(this.#ends, topic, () => this.#askEnds(topic));
  }

  #askEnds(topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#ask(async () => {
      const cluster = await this.#connectedCluster();
      await cluster.addTargetTopic(topic);
      await cluster.refreshMetadataIfNecessary();
      const partitions = cluster
        .findTopicPartitionMetadata(topic)
        .map(({ partitionId }) => ({ partition: partitionId }));
      const answers = await cluster.fetchTopicsOffset([{ topic, fromBeginning: false, partitions }]);
      const found = answers.flatMap((answer) => answer.partitions);
      return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
    });
  }

  #askBounds(topic: string): Promise<ReadonlyMap<number, LogBounds>> {
    return this.#askAdmin(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(
        offsets.map(({ partition, low, high }) => [partition, { start: Number(low), end: Number(high) }]),
      );
    });
  }

  /** The group's committed offsets of a topic; partitions without one are left out. */
  committed(groupId: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#askAdmin(async (admin) => {
      const topics = await admin.fetchOffsets({ groupId, topics: [topic] });
      const found = topics
        .flatMap(({ partitions }) => partitions)
        .filter(({ offset }) => Number(offset) >= 0);
      return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
    });
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    await this.#askAdmin((admin) => createMissing(admin, specs));
    const differences = await this.#askAdmin((admin) => compare(admin, specs));
    if (differences.length > 0) throw new TopicsError('mismatch', differences.join('; '));
  }

  async close(): Promise<void> {
    this.#closed.abort(new TopicsError('closed', 'the topics are closed'));
    await this.#drop();
  }

  #askAdmin<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    return this.#ask(async () => question(await this.#connected()));
  }

  /** Tries until it works, the topic is known to be missing, or the time is over. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const { clock } = this.#settings;
    const begun = clock.monotonic();
    for (let pauseMs = BACK_OFF_MS; ; pauseMs = Math.min(pauseMs * 2, BACK_OFF_MAX_MS)) {
      this.#closed.signal.throwIfAborted();
      try {
        return await question();
      } catch (error) {
        await this.#drop();
        const tookMs = clock.monotonic() - begun;
        const cause = innermostError(error);
        if (error instanceof TopicsError) throw error;
        if (protocolErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION' && tookMs > UNKNOWN_TOPIC_MS)
          throw new TopicsError('unknown-topic', cause.message, { cause });
        if (tookMs > DEADLINE_MS) throw new TopicsError('unavailable', cause.message, { cause });
        await sleep(clock, pauseMs, this.#closed.signal);
      }
    }
  }

  #connected(): Promise<Admin> {
    this.#admin ??= (async () => {
      const admin = createKafka(this.#settings, 'admin').admin();
      await admin.connect();
      return admin;
    })();
    return this.#admin;
  }

  #connectedCluster(): Promise<KafkaCluster> {
    this.#cluster ??= (async () => {
      const cluster = createCluster(this.#settings, 'ends');
      await cluster.connect();
      return cluster;
    })();
    return this.#cluster;
  }

  async #drop(): Promise<void> {
    const dropped = [this.#admin, this.#cluster];
    this.#admin = undefined;
    this.#cluster = undefined;
    for (const client of dropped) await client?.then((open) => open.disconnect()).catch(() => undefined);
  }
}

function sharedIn<Answer>(
  shared: Map<string, SharedAnswer<Answer>>,
  topic: string,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const found = shared.get(topic) ?? new SharedAnswer(ask);
  shared.set(topic, found);
  return found.get();
}

/**
 * Partitions and policy as the table has them. How many replicas there are and how they agree is not compared: a home
 * that was one broker once goes on with what it has, and replicas are moved by whoever runs the cluster.
 */
async function compare(admin: Admin, specs: readonly TopicSpec[]): Promise<string[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: specs.map((spec) => spec.name) });
  const counts = new Map(topics.map((topic) => [topic.name, topic.partitions.length]));
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: specs.map((spec) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name: spec.name })),
  });
  const configs = new Map(
    described.resources.map((resource) => [
      resource.resourceName,
      new Map(resource.configEntries.map((entry) => [entry.configName, entry.configValue])),
    ]),
  );
  return specs.flatMap((spec) => {
    const differences: string[] = [];
    const partitions = counts.get(spec.name) ?? 0;
    if (partitions !== spec.partitions)
      differences.push(`${spec.name} has ${partitions} partitions instead of ${spec.partitions}`);
    for (const [name, wanted] of Object.entries(spec.configs ?? {})) {
      const found = configs.get(spec.name)?.get(name);
      if (found !== wanted) differences.push(`${spec.name} has ${name}=${found} instead of ${wanted}`);
    }
    return differences;
  });
}
