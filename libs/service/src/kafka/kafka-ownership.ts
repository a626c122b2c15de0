/**
 * A share of the partitions of some topics, held through a consumer group with our copartitioning assigner. For every
 * partition number that is assigned it finds where to begin and where the logs end, tells the owner, and then delivers
 * until the partition is revoked. Commits are gathered and sent a few times a second.
 *
 * What must hold: a partition that this member keeps over a rebalance goes on where it was; the owner of a partition
 * is told before its first batch; a partition that comes back is not assigned before its earlier life has ended.
 */
import { sleep } from '@tidemark/platform';
import type { Timer } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import type { Assignment, Ownership, OwnershipOptions } from '../topics/topics.js';
import { ConsumerSession } from './consumer-session.js';
import type { AssignedPartitions } from './consumer-session.js';
import { FetchedLanes } from './fetched-lanes.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { KafkaSettings } from './kafka-client.js';

const COMMIT_AFTER_MS = 100;
const RETRY_MS = 200;
const RETRY_MAX_MS = 2_000;

/** One partition number from its assignment to the end of its revocation. */
interface Tenure {
  readonly revoked: AbortController;
  /** Settles when the owner has been told of the end and the last batches have been finished with. */
  ended: Promise<void> | undefined;
  told: boolean;
}

export class KafkaOwnership implements Ownership {
  readonly joined: Promise<void>;
  readonly #settings: KafkaSettings;
  readonly #admin: KafkaAdmin;
  readonly #options: OwnershipOptions;
  readonly #lanes: FetchedLanes;
  readonly #session: ConsumerSession;
  readonly #onClosed: (ownership: KafkaOwnership) => void;
  readonly #tenures = new Map<number, Tenure>();
  /** Ends of earlier tenures that are still going on, by partition number. */
  readonly #ending = new Map<number, Promise<void>>();
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
    session = new ConsumerSession({
      settings,
      purpose: options.group,
      groupId: options.group,
      topics: [...options.topics.keys()],
      held: () => this.partitions(),
      onJoined: (assigned) => this.#joined(assigned),
      onBatch: (batch) => this.#lanes.fetched(batch),
      onOutOfRange: (topic, partition) => this.#lanes.outOfRange(topic, partition),
      onRebalancing: () => void this.flushCommits(),
    });
    this.#session = session;
  }

  partitions(): readonly number[] {
    return [...this.#tenures.keys()].sort((a, b) => a - b);
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
    const revoked = [...this.#tenures.keys()].map((partition) => this.#revoke(partition, true));
    await Promise.all(revoked);
    await this.flushCommits();
    this.#commitTimer?.cancel();
    this.#tenures.clear();
    await this.#session.close();
    this.#onClosed(this);
  }

  #joined(assigned: AssignedPartitions): void {
    const numbers = new Set([...assigned.values()].flat());
    for (const partition of [...this.#tenures.keys()]) {
      if (!numbers.has(partition)) void this.#revoke(partition, false);
    }
    // What is new has no lane yet and is not fetched until it has one.
    this.#lanes.joined(assigned);
    for (const partition of numbers) {
      if (!this.#tenures.has(partition)) this.#assign(partition);
    }
    const { group } = this.#options;
    this.#settings.logger.info({ group, partitions: this.partitions() }, 'partitions assigned');
    this.#resolveJoined();
  }

  #assign(partition: number): void {
    const tenure: Tenure = { revoked: new AbortController(), ended: undefined, told: false };
    this.#tenures.set(partition, tenure);
    void this.#begin(partition, tenure);
  }

  /** Tries until it has begun or the partition is gone again. */
  async #begin(partition: number, tenure: Tenure): Promise<void> {
    const { clock, logger } = this.#settings;
    const { signal } = tenure.revoked;
    await this.#ending.get(partition);
    for (let pauseMs = RETRY_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
      try {
        const assignment = await this.#locate(partition);
        signal.throwIfAborted();
        tenure.told = true;
        await this.#options.onAssigned(assignment);
        signal.throwIfAborted();
        for (const [topic, position] of assignment.positions) this.#lanes.begin(topic, partition, position);
        return;
      } catch (error) {
        if (signal.aborted) return;
        logger.error(
          { partition, error: describeError(error) },
          'an assignment could not begin; trying again',
        );
        await sleep(clock, pauseMs, signal).catch(() => undefined);
      }
    }
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

  /** `keepCommits`: on a close they are still sent; after a rebalance the partition has another owner. */
  #revoke(partition: number, keepCommits: boolean): Promise<void> {
    const tenure = this.#tenures.get(partition);
    if (tenure === undefined) return Promise.resolve();
    tenure.revoked.abort(new Error('revoked'));
    if (!keepCommits) this.#forget(partition);
    const ended = this.#endTenure(partition, tenure).finally(() => {
      if (this.#ending.get(partition) === ended) this.#ending.delete(partition);
    });
    this.#ending.set(partition, ended);
    return ended;
  }

  #forget(partition: number): void {
    this.#tenures.delete(partition);
    for (const [key, commit] of this.#commits) if (commit.partition === partition) this.#commits.delete(key);
  }

  async #endTenure(partition: number, tenure: Tenure): Promise<void> {
    const lanes = [...this.#options.topics.keys()].map((topic) => this.#lanes.end(topic, partition));
    try {
      if (tenure.told) await this.#options.onRevoked(partition);
    } catch (error) {
      this.#settings.logger.error({ partition, error: describeError(error) }, 'a revocation failed');
    }
    await Promise.all(lanes);
  }
}
