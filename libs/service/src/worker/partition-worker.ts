/**
 * Runs a decider over the partitions that this replica owns: one shard per partition, which reads its history to the
 * log end seen after the assignment and only then decides what comes from the inputs. The Metadata Server runs its
 * deciders of commands by it, the Application Manager its decider of processes.
 *
 * What must hold: state comes only from records read back; commands are committed in order when they are finished;
 * whatever is delivered twice, or decided by two owners at once, comes out once, because events carry ids made from
 * their causes and the fold takes each once.
 */
import { sleep } from '@tidemark/platform';
import type { Assignment, DeliveredBatch, OwnedFrom, Ownership } from '../topics/topics.js';
import { DeadLetters } from './dead-letters.js';
import { WorkerPartition } from './worker-partition.js';
import type { WorkerContext, WorkerCounts } from './worker-partition.js';
import type { OwnedPartition, WorkerOptions } from './worker-options.js';

export interface PartitionWorkerOptions<State, Command, Event, Reply, Rejection>
  extends WorkerContext, WorkerOptions<State, Command, Event, Reply, Rejection> {}

/** How long a close waits for commands in flight; what is not finished then comes again with the next owner. */
const DRAIN_MS = 3_000;
const DRAIN_LOOK_MS = 20;

export class PartitionWorker<State, Command, Event, Reply, Rejection> {
  readonly #options: PartitionWorkerOptions<State, Command, Event, Reply, Rejection>;
  readonly #deadLetters: DeadLetters;
  readonly #counts: WorkerCounts = { decided: 0, eventsRefused: 0, eventsUndecodable: 0 };
  readonly #partitions = new Map<number, WorkerPartition<State, Command, Event, Reply, Rejection>>();
  #ownership: Ownership | undefined;
  #draining = false;

  private constructor(options: PartitionWorkerOptions<State, Command, Event, Reply, Rejection>) {
    this.#options = options;
    this.#deadLetters = new DeadLetters(options.topics, options.clock, options.logger);
  }

  /** Joins the group; rejects with `unknown-topic` or `unavailable`. */
  static async start<State, Command, Event, Reply, Rejection>(
    options: PartitionWorkerOptions<State, Command, Event, Reply, Rejection>,
  ): Promise<PartitionWorker<State, Command, Event, Reply, Rejection>> {
    const worker = new PartitionWorker(options);
    const inputs = options.inputs.map(({ topic }): [string, OwnedFrom] => [topic, 'committed']);
    worker.#ownership = await options.topics.own({
      group: options.group,
      topics: new Map<string, OwnedFrom>([...inputs, [options.log.topic, 'beginning']]),
      onAssigned: (assignment) => worker.#assigned(assignment),
      onRevoked: (partition) => worker.#revoked(partition),
      onBatch: (batch) => worker.#take(batch),
    });
    return worker;
  }

  /** Resolves at the first assignment. */
  get joined(): Promise<void> {
    return this.#ownership?.joined ?? Promise.resolve();
  }

  get counts(): Readonly<WorkerCounts & { deadLetters: number }> {
    return { ...this.#counts, deadLetters: this.#deadLetters.written };
  }

  /** The partitions held, ready or not; ascending. */
  get partitions(): readonly number[] {
    return [...this.#partitions.keys()].sort((a, b) => a - b);
  }

  /** Why the worker does not do all its work yet; nothing when it does. Fit for `Health.require`. */
  unready(): string | undefined {
    const loading = [...this.#partitions.values()].filter((partition) => !partition.ready);
    if (loading.length === 0) return undefined;
    return `${loading.length} of ${this.#partitions.size} partitions still read their history`;
  }

  /** The partition, when this replica owns it and has read its history. */
  owned(partition: number): OwnedPartition<State, Command, Reply, Rejection> | undefined {
    const found = this.#partitions.get(partition);
    return found?.ready === true ? found : undefined;
  }

  /** Takes no more commands, lets those in flight finish within a bound, commits, leaves the group. */
  async close(): Promise<void> {
    this.#draining = true;
    for (const partition of this.#partitions.values()) partition.drain();
    const { clock } = this.#options;
    const deadline = clock.monotonic() + DRAIN_MS;
    while (this.#inFlight() > 0 && clock.monotonic() < deadline) await sleep(clock, DRAIN_LOOK_MS);
    await this.#ownership?.close();
  }

  #inFlight(): number {
    let inFlight = 0;
    for (const partition of this.#partitions.values()) inFlight += partition.inFlight;
    return inFlight;
  }

  #assigned(assignment: Assignment): void {
    const partition = new WorkerPartition({
      context: this.#options,
      worker: this.#options,
      assignment,
      deadLetters: this.#deadLetters,
      counts: this.#counts,
      commit: (topic, number, position) => this.#ownership?.commit(topic, number, position),
    });
    if (this.#draining) partition.drain();
    this.#partitions.set(assignment.partition, partition);
    partition.start();
  }

  #revoked(partition: number): void {
    this.#partitions.get(partition)?.end();
    this.#partitions.delete(partition);
    this.#options.onRevoked?.(partition);
  }

  async #take(batch: DeliveredBatch): Promise<void> {
    await this.#partitions.get(batch.partition)?.take(batch);
  }
}
