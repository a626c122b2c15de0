/**
 * A share of the partitions of some topics, held through a consumer group with our copartitioning assigner. For every
 * partition number that is assigned it finds where to begin and where the logs end, tells the owner, and then delivers
 * until the partition is revoked. Commits are gathered and sent a few times a second.
 *
 * What must hold: a partition that this member keeps over a rebalance goes on where it was; the owner of a partition
 * is told before its first batch; a partition that comes back is not assigned before its earlier life has ended.
 */
import type { Timer } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import { Tenures } from '../topics/tenures.js';
import type { Assignment, Ownership, OwnershipOptions } from '../topics/topics.js';
import { ConsumerSession } from './consumer-session.js';
import type { AssignedPartitions } from './consumer-session.js';
import { FetchedLanes } from './fetched-lanes.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { KafkaSettings } from './kafka-client.js';

const COMMIT_AFTER_MS = 100;

export class KafkaOwnership implements Ownership {
  readonly joined: Promise<void>;
  readonly #settings: KafkaSettings;
  readonly #admin: KafkaAdmin;
  readonly #options: OwnershipOptions;
  readonly #lanes: FetchedLanes;
  readonly #session: ConsumerSession;
  readonly #onClosed: (ownership: KafkaOwnership) => void;
  readonly #tenures: Tenures;
  /** Commits not yet sent, by topic and partition. */
  #commits = new Map<string, { topic: string; partition: number; position: number }>();
  #commitTimer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #resolveJoined: () => void = () => undefined;

  constructor(
    settings: KafkaSettings,
    admin: KafkaAdmin,
    options: OwnershipOptions,
    onClosed: (ownership: KafkaOwnership) => void,
  ) {
    this.#settings = settings;
    this.#admin = admin;
    this.#options = options;
    this.#onClosed = onClosed;
    this.joined = new Promise((resolve) => {
      this.#resolveJoined = resolve;
    });
    let session: ConsumerSession | undefined = undefined;
    this.#lanes = new FetchedLanes({
      settings,
      admin,
      session: () => session,
      onBatch: options.onBatch,
      ...(options.onGap === undefined ? {} : { onGap: options.onGap }),
      onTaken: () => undefined,
    });
    this.#tenures = new Tenures({
      clock: settings.clock,
      logger: settings.logger.child({ group: options.group }),
      onAssigned: options.onAssigned,
      onRevoked: options.onRevoked,
      locate: (partition) => this.#locate(partition),
      begin: ({ partition, positions }) => {
        for (const [topic, position] of positions) this.#lanes.begin(topic, partition, position);
      },
      end: async (partition) => {
        await Promise.all([...options.topics.keys()].map((topic) => this.#lanes.end(topic, partition)));
      },
    });
    session = new ConsumerSession({
      settings,
      purpose: options.group,
      groupId: options.group,
      topics: [...options.topics.keys()],
      held: () => this.partitions(),
      // What an owner reads is work that somebody waits for.
      restMs: 0,
      onJoined: (assigned) => this.#joined(assigned),
      onBatch: (batch) => this.#lanes.fetched(batch),
      onOutOfRange: (topic, partition) => this.#lanes.outOfRange(topic, partition),
      onRebalancing: () => void this.flushCommits(),
    });
    this.#session = session;
  }

  partitions(): readonly number[] {
    return this.#tenures.held();
  }

  commit(topic: string, partition: number, position: number): void {
    if (!this.#tenures.has(partition)) return;
    this.#commits.set(`${topic}/${partition}`, { topic, partition, position });
    this.#commitTimer ??= this.#settings.clock.setTimer(COMMIT_AFTER_MS, () => {
      this.#commitTimer = undefined;
      void this.flushCommits();
    });
  }

  /** One request at a time; what comes meanwhile is in the next. */
  async flushCommits(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
    if (this.#commits.size === 0) return;
    const commits = this.#commits;
    this.#commits = new Map();
    this.#sending = this.#session
      .commit([...commits.values()])
      .catch((error: unknown) => {
        // Lost to a rebalance or a restart: the records come again, or a later commit covers them.
        const fields = { group: this.#options.group, error: describeError(error) };
        this.#settings.logger.warn(fields, 'a commit failed');
      })
      .finally(() => {
        this.#sending = undefined;
      });
    await this.#sending;
  }

  async close(): Promise<void> {
    await this.#tenures.revokeAll();
    this.#commitTimer?.cancel();
    await this.flushCommits();
    await this.#session.close();
    this.#onClosed(this);
  }

  #joined(assigned: AssignedPartitions): void {
    const numbers = new Set([...assigned.values()].flat());
    // What is new has no lane yet and is not fetched until it has one.
    this.#lanes.joined(assigned);
    this.#tenures.update(numbers);
    for (const [key, { partition }] of this.#commits) if (!numbers.has(partition)) this.#commits.delete(key);
    const { group } = this.#options;
    this.#settings.logger.info({ group, partitions: this.partitions() }, 'partitions assigned');
    this.#resolveJoined();
  }

  async #locate(partition: number): Promise<Assignment> {
    const positions = new Map<string, number>();
    const ends = new Map<string, number>();
    for (const [topic, from] of this.#options.topics) {
      const [bounds, committed] = await Promise.all([
        this.#admin.bounds(topic),
        from === 'committed' ? this.#admin.committed(this.#options.group, topic) : undefined,
      ]);
      const found = bounds.get(partition);
      // Topics of the ownership may be wider than this one: then the number has no such partition here.
      if (found === undefined) continue;
      positions.set(topic, committed?.get(partition) ?? found.start);
      ends.set(topic, found.end);
    }
    return { partition, positions, ends };
  }
}
