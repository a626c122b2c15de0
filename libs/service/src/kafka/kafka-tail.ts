/**
 * A reader of every partition of some topics, for one process: kafkajs cannot be told which partitions to read, so
 * this is a group with one member. The group's name ends in a random part, because a killed predecessor would otherwise
 * stay in the group until its session ends and keep its successor waiting; nothing is ever committed.
 */
import { partitionKey } from '@tidemark/contracts';
import type { Position } from '@tidemark/contracts';
import { TopicsError } from '../topics/topics.js';
import type { Tail, TailOptions } from '../topics/topics.js';
import { ConsumerSession } from './consumer-session.js';
import { FetchedLanes } from './fetched-lanes.js';
import type { KafkaAdmin, LogBounds } from './kafka-admin.js';
import type { KafkaSettings } from './kafka-client.js';

export class KafkaTail implements Tail {
  readonly caughtUp: Promise<void>;
  readonly #lanes: FetchedLanes;
  readonly #session: ConsumerSession;
  /** Log ends that the tail still has to reach to have caught up; empty afterwards. */
  readonly #targets: Map<string, number>;
  readonly #onClosed: () => void;
  #settleCaughtUp: { readonly resolve: () => void; readonly reject: (error: Error) => void };
  #knownEnds = new Map<string, number>();

  /** Rejects with `unknown-topic` or `unavailable`. */
  static async open(
    settings: KafkaSettings,
    admin: KafkaAdmin,
    options: TailOptions,
    onClosed: (tail: KafkaTail) => void,
  ): Promise<KafkaTail> {
    const bounds = new Map<string, LogBounds>();
    for (const topic of options.topics) {
      for (const [partition, found] of await admin.bounds(topic))
        bounds.set(partitionKey(topic, partition), found);
    }
    return new KafkaTail(settings, admin, { ...options, bounds, onClosed });
  }

  private constructor(
    settings: KafkaSettings,
    admin: KafkaAdmin,
    options: TailOptions & {
      readonly bounds: ReadonlyMap<string, LogBounds>;
      readonly onClosed: (tail: KafkaTail) => void;
    },
  ) {
    const { topics, purpose, bounds } = options;
    this.#onClosed = () => options.onClosed(this);
    this.#settleCaughtUp = { resolve: () => undefined, reject: () => undefined };
    this.caughtUp = new Promise((resolve, reject) => {
      this.#settleCaughtUp = { resolve, reject };
    });
    this.caughtUp.catch(() => undefined);
    this.#targets = new Map([...bounds].map(([key, { end }]) => [key, end]));
    this.#lanes = new FetchedLanes({
      settings,
      admin,
      session: () => session,
      onBatch: options.onBatch,
      ...(options.onGap === undefined ? {} : { onGap: options.onGap }),
      onTaken: () => this.#checkCaughtUp(),
    });
    let session: ConsumerSession | undefined = undefined;
    for (const [key, { start, end }] of bounds) {
      const slash = key.lastIndexOf('/');
      this.#lanes.begin(
        key.slice(0, slash),
        Number(key.slice(slash + 1)),
        startOf(options.from, key, start, end),
      );
    }
    session = new ConsumerSession({
      settings,
      purpose,
      groupId: `${settings.replica}.${purpose}.${settings.random.uuid().slice(0, 8)}`,
      topics,
      held: () => [],
      restMs: options.restMs ?? 0,
      onJoined: (assigned) => this.#lanes.joined(assigned),
      onBatch: (batch) => {
        this.#knownEnds.set(partitionKey(batch.topic, batch.partition), Number(batch.highWatermark));
        this.#lanes.fetched(batch);
      },
      onOutOfRange: (topic, partition) => this.#lanes.outOfRange(topic, partition),
      onRebalancing: () => undefined,
    });
    this.#session = session;
    this.#checkCaughtUp();
  }

  positions(): Position {
    return new Map(
      [...this.#lanes.all].map((lane) => [partitionKey(lane.topic, lane.partition), lane.position]),
    );
  }

  lag(): number {
    let lag = 0;
    for (const lane of this.#lanes.all) {
      const key = partitionKey(lane.topic, lane.partition);
      const end = Math.max(this.#knownEnds.get(key) ?? 0, this.#targets.get(key) ?? 0);
      lag += Math.max(0, end - lane.position);
    }
    return lag;
  }

  seek(topic: string, partition: number, position: number): void {
    this.#lanes.seek(topic, partition, position);
  }

  pause(): void {
    for (const lane of this.#lanes.all) lane.pause();
  }

  resume(): void {
    for (const lane of this.#lanes.all) lane.resume();
  }

  async close(): Promise<void> {
    this.#settleCaughtUp.reject(new TopicsError('closed', 'the tail was closed before it had caught up'));
    const ended = this.#lanes.endAll();
    await this.#session.close();
    await ended;
    this.#onClosed();
  }

  #checkCaughtUp(): void {
    if (this.#targets.size === 0) return;
    for (const lane of this.#lanes.all) {
      const key = partitionKey(lane.topic, lane.partition);
      if (lane.position >= (this.#targets.get(key) ?? 0)) this.#targets.delete(key);
    }
    if (this.#targets.size === 0) this.#settleCaughtUp.resolve();
  }
}

function startOf(from: TailOptions['from'], key: string, start: number, end: number): number {
  if (from === 'beginning') return start;
  if (from === 'end') return end;
  return from.get(key) ?? start;
}
