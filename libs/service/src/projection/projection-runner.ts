/**
 * Keeps a projection in step with its topics: reads every partition, folds what arrived, writes rows and positions in
 * one transaction, and starts again from what the database says whenever anything fails. Holds the committed positions
 * (a mirror of the database's), the batches that wait to be folded, and those who wait for a position.
 *
 * What must hold: a record's effect is in the rows exactly when its position is; losing the database, a table of it or
 * its last commits costs time, never rows. One loop does all: it folds what comes next while the rows of the last are
 * written, one transaction at a time; rebuilding is a step of that loop.
 */
import { formatPosition, partitionKey, type Position } from '@tidemark/contracts';
import { type Clock, sleep } from '@tidemark/platform';
import { describeError, type Logger } from '../hosting/logger.js';
import { splitPartitionKey } from '../topics/topic-partition.js';
import type { DeliveredBatch, Gap, Tail, Topics } from '../topics/topics.js';
import { dropDatabase, errorCodeOf } from './database-admin.js';
import { FoldQueue } from './fold-queue.js';
import { PositionWaiters, type WaitOutcome } from './position-waiters.js';
import type {
  ProjectionChanges,
  ProjectionDefinition,
  ProjectionDigest,
  ProjectionSchema,
  ProjectionState,
  ProjectionStatus,
} from './projection.js';
import { digestProjection } from './projection-digest.js';
import { ProjectionStore, type WrittenPosition } from './projection-store.js';

export interface ProjectionRunnerOptions {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly definition: ProjectionDefinition;
  readonly schema: ProjectionSchema;
  readonly databaseUrl: string;
}

export interface RebuildOptions {
  /** Drops the whole database instead of emptying its tables. */
  readonly dropDatabase?: boolean | undefined;
}

/** Records in one transaction: enough to make rows repeat, few enough to stay short. */
const TRANSACTION_RECORDS_MAX = 5_000;
/** More records in a transaction when many come; nobody waits longer for a position that he was told. */
const REST_MS = 50;
const BACK_OFF_MS = 100;
const BACK_OFF_MAX_MS = 2_000;
/** The tables are not what they should be: missing, half there, of another shape. The log makes them anew. */
const SCHEMA_DAMAGE = new Set(['42P01', '42P07', '42703', '42P10', '3F000']);

export class ProjectionRunner {
  readonly #options: ProjectionRunnerOptions;
  readonly #waiters: PositionWaiters;
  readonly #queue = new FoldQueue();
  #store: ProjectionStore | undefined;
  #tail: Tail | undefined;
  #committed = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  /** Where the log ended when building began. */
  #target: ReadonlyMap<string, number> | undefined;
  #live = false;
  #error: string | undefined;
  #rebuild: RebuildOptions | undefined;
  #wake: () => void = () => undefined;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #digest: ProjectionDigest | undefined;

  constructor(options: ProjectionRunnerOptions) {
    this.#options = options;
    const topics = new Set(options.definition.topics);
    this.#waiters = new PositionWaiters(options.clock, (topic) => topics.has(topic));
  }

  /** Begins and returns at once: a database or a log that is not there yet is waited for. */
  start(): void {
    this.#running ??= this.#run();
  }

  get state(): ProjectionState {
    if (this.#error !== undefined) return 'failed';
    return this.#live ? 'live' : 'building';
  }

  /** How far the rows are. */
  get position(): Position {
    return this.#committed;
  }

  status(): ProjectionStatus {
    const { name, version } = this.#options.definition;
    let done = 0;
    let of = 0;
    for (const [partition, end] of this.#target ?? []) {
      of += end;
      done += Math.min(end, this.#committed.get(partition) ?? 0);
    }
    return {
      projection: name,
      version,
      state: this.state,
      ...(this.#error === undefined ? {} : { error: this.#error }),
      position: formatPosition(this.#committed),
      lag: this.#tail?.lag() ?? 0,
      progress: { done, of },
    };
  }

  /** Until the rows are at or past `wanted` in the projection's topics. Never rejects. */
  waitFor(wanted: Position, timeoutMs: number): Promise<WaitOutcome> {
    return this.#waiters.wait(this.#committed, wanted, timeoutMs);
  }

  /** False: a rebuild (or the first build) is under way. */
  rebuild(options: RebuildOptions = {}): boolean {
    if (this.#rebuild !== undefined || !this.#live || this.#closing.signal.aborted) return false;
    this.#rebuild = options;
    this.#live = false;
    this.#wake();
    return true;
  }

  /** Rejects while the database cannot be read. */
  async digest(): Promise<ProjectionDigest> {
    const position = formatPosition(this.#committed);
    if (this.#digest?.position === position) return this.#digest;
    this.#digest = await digestProjection(this.#options.definition, this.#options.databaseUrl);
    return this.#digest;
  }

  /** Finishes the write in hand and leaves; what was not written is read again by the next life. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the projection is closing'));
    this.#wake();
    await this.#running;
    this.#queue.clear();
    this.#waiters.close();
    await this.#tail?.close();
    await this.#store?.close();
    this.#store = undefined;
  }

  /** A method, since the compiler takes it that a property cannot change while we wait. */
  #ended(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#closing;
    let backOffMs = BACK_OFF_MS;
    while (!this.#ended()) {
      try {
        await this.#open();
        backOffMs = BACK_OFF_MS;
        while (!this.#ended()) await this.#step();
        await this.#writing;
      } catch (error) {
        await this.#writing.catch(() => undefined);
        if (this.#ended()) break;
        this.#error = error instanceof Error ? error.message : String(error);
        logger.warn({ error: describeError(error), retryAfterMs: backOffMs }, 'the projection cannot go on');
        await this.#abandonStore(SCHEMA_DAMAGE.has(errorCodeOf(error) ?? ''));
        await sleep(clock, backOffMs, signal).catch(() => undefined);
        backOffMs = Math.min(backOffMs * 2, BACK_OFF_MAX_MS);
      }
    }
  }

  /** Opens what is not open, and brings the tail to where the database is. */
  async #open(): Promise<void> {
    const { topics, definition, schema, databaseUrl } = this.#options;
    this.#store = await ProjectionStore.open(definition, schema, databaseUrl);
    this.#standAt(await this.#store.positions());
    await this.#setTarget();
    if (this.#tail === undefined) {
      this.#tail = await topics.tail({
        topics: definition.topics,
        purpose: `projection-${definition.name}`,
        restMs: REST_MS,
        // Every partition is named, so that a log that begins later is told as a gap.
        from: new Map([...(this.#target ?? [])].map(([key]) => [key, this.#committed.get(key) ?? 0])),
        onBatch: (batch) => this.#deliver(batch),
        onGap: (gap) => this.#gap(gap),
      });
    } else {
      this.#seekToCommitted();
    }
    this.#error = undefined;
    this.#settleLive();
  }

  async #abandonStore(damaged: boolean): Promise<void> {
    const { schema, databaseUrl, logger } = this.#options;
    this.#digest = undefined;
    await this.#store?.close();
    this.#store = undefined;
    if (!damaged) return;
    logger.warn({}, 'tables of the projection are damaged; the database is made anew');
    await schema
      .release()
      .then(() => dropDatabase(databaseUrl))
      .catch((error: unknown) => {
        logger.warn({ error: describeError(error) }, 'the database cannot be dropped');
      });
  }

  #standAt(positions: Map<string, number>): void {
    this.#committed = positions;
    this.#queue.startAt(positions);
    // Rows and positions come and go together.
    this.#options.definition.forget(positions.size === 0 ? 'none' : 'kept');
    this.#writing = Promise.resolve();
  }

  /** Batches folded, or one rebuild, or a wait for either. */
  async #step(): Promise<void> {
    if (this.#rebuild !== undefined) {
      await this.#writing;
      await this.#startOver(this.#rebuild);
      this.#rebuild = undefined;
    } else if (!this.#queue.isEmpty) {
      await this.#foldNext();
    } else if (this.#isWriting) {
      await this.#writing;
    } else {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#closing.signal.aborted) resolve();
      });
    }
  }

  async #foldNext(): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const taken = this.#queue.take(TRANSACTION_RECORDS_MAX, (topic, partition, position) =>
      this.#tail?.seek(topic, partition, position),
    );
    if (taken.positions.length === 0) return;
    try {
      const changes = await this.#options.definition.fold(taken.records, store);
      await this.#writing;
      this.#writing = this.#write(store, changes, taken.positions);
    } catch (error) {
      // They stay where they were in the row: whether they are still wanted, the database's positions will say.
      taken.putBack();
      throw error;
    }
    // Whoever waits for it next is told of its failure.
    this.#writing.catch(() => undefined);
    taken.finish();
  }

  async #write(
    store: ProjectionStore,
    changes: ProjectionChanges,
    positions: readonly WrittenPosition[],
  ): Promise<void> {
    this.#isWriting = true;
    try {
      await store.write(changes, positions);
    } finally {
      this.#isWriting = false;
    }
    for (const { topic, partition, next } of positions) {
      const key = partitionKey(topic, partition);
      // A gap told meanwhile is further on.
      this.#committed.set(key, Math.max(next, this.#committed.get(key) ?? 0));
    }
    this.#waiters.reached(this.#committed);
    this.#settleLive();
  }

  async #startOver({ dropDatabase: drop = false }: RebuildOptions): Promise<void> {
    const { definition, schema, databaseUrl, logger } = this.#options;
    logger.info({ dropDatabase: drop }, 'rebuilding the projection');
    this.#digest = undefined;
    if (drop) {
      await this.#store?.close();
      this.#store = undefined;
      await schema.release();
      await dropDatabase(databaseUrl);
      this.#store = await ProjectionStore.open(definition, schema, databaseUrl);
    } else {
      await this.#store?.reset();
    }
    this.#standAt(new Map());
    await this.#setTarget();
    this.#seekToCommitted();
    this.#settleLive();
  }

  /** Building ends where the logs end now. */
  async #setTarget(): Promise<void> {
    const target = new Map<string, number>();
    for (const topic of this.#options.definition.topics) {
      for (const [partition, end] of await this.#options.topics.ends(topic)) target.set(partition, end);
    }
    this.#target = target;
    this.#live = false;
  }

  #settleLive(): void {
    if (this.#live || this.#target === undefined || this.#rebuild !== undefined) return;
    for (const [partition, end] of this.#target) {
      if ((this.#committed.get(partition) ?? 0) < end) return;
    }
    this.#live = true;
    this.#options.logger.info({ position: formatPosition(this.#committed) }, 'the projection is live');
  }

  #seekToCommitted(): void {
    const tail = this.#tail;
    if (tail === undefined) return;
    for (const [key, position] of tail.positions()) {
      const committed = this.#committed.get(key) ?? 0;
      if (position === committed) continue;
      const { topic, partition } = splitPartitionKey(key);
      tail.seek(topic, partition, committed);
    }
  }

  #deliver(batch: DeliveredBatch): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    const finished = this.#queue.add(batch);
    this.#wake();
    return finished;
  }

  /** Records below the log's start are gone for good. Rows past its end are of a log that is no more. */
  #gap({ topic, partition, position, logStart, logEnd }: Gap): void {
    const { logger } = this.#options;
    if (position > logEnd) {
      logger.warn(
        { topic, partition, position, logEnd },
        'the log is shorter than the projection; rebuilding',
      );
      this.#rebuild ??= {};
      this.#live = false;
      this.#wake();
      return;
    }
    logger.warn({ topic, partition, position, logStart }, 'records were deleted before they were projected');
    this.#committed.set(partitionKey(topic, partition), logStart);
    this.#queue.skipTo(topic, partition, logStart);
    this.#waiters.reached(this.#committed);
    this.#settleLive();
  }
}
