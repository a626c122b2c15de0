/**
 * One owned partition at work: the shard, the log behind it and a command lane per input, from the assignment to the
 * revocation. Made and ended by `partition-worker.ts`.
 */
import { Shard } from '@tidemark/decider';
import type { Decider, Outcome } from '@tidemark/decider';
import { assert } from '@tidemark/platform';
import type { Clock } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import type { Logger } from '../hosting/logger.js';
import type { Assignment, DeliveredBatch, TopicRecord, Topics } from '../topics/topics.js';
import { CommandLane } from './command-lane.js';
import type { DeadLetters } from './dead-letters.js';
import { RETRY_POLICY } from './retry.js';
import { TopicEventLog } from './topic-event-log.js';
import type { OwnedPartition, WorkerOptions } from './worker-options.js';

export interface WorkerContext {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the worker counts over all its partitions. */
export interface WorkerCounts {
  decided: number;
  eventsRefused: number;
  eventsUndecodable: number;
}

export interface WorkerPartitionOptions<State, Command, Event, Reply, Rejection> {
  readonly context: WorkerContext;
  readonly worker: WorkerOptions<State, Command, Event, Reply, Rejection>;
  readonly assignment: Assignment;
  readonly deadLetters: DeadLetters;
  readonly counts: WorkerCounts;
  readonly commit: (topic: string, partition: number, position: number) => void;
}

/** What `decide` threw: a bug or a poisonous command, not an answer. */
class DecideFailed {
  constructor(readonly error: Error) {}
}

const IN_FLIGHT_MAX = 256;

export class WorkerPartition<State, Command, Event, Reply, Rejection> implements OwnedPartition<
  State,
  Command,
  Reply,
  Rejection
> {
  readonly partition: number;
  readonly #options: WorkerPartitionOptions<State, Command, Event, Reply, Rejection>;
  readonly #revoked = new AbortController();
  readonly #log: TopicEventLog<Event>;
  readonly #shard: Shard<State, Command, Event, Reply, Rejection | DecideFailed>;
  readonly #lanes = new Map<string, CommandLane<Command, Reply, Rejection>>();

  constructor(options: WorkerPartitionOptions<State, Command, Event, Reply, Rejection>) {
    const { context, worker, assignment } = options;
    this.#options = options;
    this.partition = assignment.partition;
    this.#log = new TopicEventLog({
      topics: context.topics,
      clock: context.clock,
      log: worker.log,
      partition: this.partition,
      endAtAssignment: this.#endAtAssignment,
      signal: this.signal,
      onUndecodable: (record, error) => void this.#undecodable(record, error),
    });
    const { onFolded, onReady, keyOf } = worker;
    this.#shard = new Shard({
      decider: this.#guarded(worker.decider),
      log: this.#log,
      defer: (run) => context.clock.defer(run),
      ...(keyOf === undefined ? {} : { keyOf }),
      ...(onFolded === undefined
        ? {}
        : { onFolded: (folded) => onFolded({ ...folded, partition: this.partition }) }),
      ...(onReady === undefined ? {} : { onReady: () => onReady(this) }),
    });
    for (const input of worker.inputs) this.#lanes.set(input.topic, this.#lane(input));
  }

  get state(): State {
    return this.#shard.state;
  }

  get position(): number {
    return this.#shard.position;
  }

  get ready(): boolean {
    return this.#shard.phase === 'ready';
  }

  get signal(): AbortSignal {
    return this.#revoked.signal;
  }

  get inFlight(): number {
    let inFlight = 0;
    for (const lane of this.#lanes.values()) inFlight += lane.inFlight;
    return inFlight;
  }

  start(): void {
    this.#shard.start();
  }

  async ask(command: Command): Promise<Outcome<Reply, Rejection>> {
    const outcome = await this.#shard.ask(command);
    if (!('rejected' in outcome)) return outcome;
    const { rejected, position } = outcome;
    if (!(rejected instanceof DecideFailed)) return { rejected, position };
    this.#options.context.logger.error(
      { error: describeError(rejected.error) },
      'a command of this process failed',
    );
    return { failed: 'refused' };
  }

  async take(batch: DeliveredBatch): Promise<void> {
    if (batch.topic === this.#options.worker.log.topic) this.#feed(batch);
    else await this.#lanes.get(batch.topic)?.take(batch);
  }

  /** Begins no further command from the inputs. */
  drain(): void {
    for (const lane of this.#lanes.values()) lane.drain();
  }

  end(): void {
    this.#revoked.abort(new Error('the partition was taken away'));
    this.#shard.stop();
  }

  get #endAtAssignment(): number {
    return this.#options.assignment.ends.get(this.#options.worker.log.topic) ?? 0;
  }

  /** A fold that throws would leave this replica with a state that no other has: the process ends and replays. */
  #feed(batch: DeliveredBatch): void {
    try {
      this.#log.feed(batch);
    } catch (error) {
      this.end();
      const { topic, partition, position } = batch;
      const fields = { topic, partition, position, error: describeError(error) };
      this.#options.context.logger.error(fields, 'a fold failed; this process cannot go on');
      this.#options.context.clock.defer(() => {
        throw error;
      });
    }
  }

  #lane(
    input: WorkerOptions<State, Command, Event, Reply, Rejection>['inputs'][number],
  ): CommandLane<Command, Reply, Rejection> {
    const { context, worker, assignment, deadLetters, counts, commit } = this.#options;
    const position = assignment.positions.get(input.topic);
    assert(position !== undefined, 'an input is copartitioned with the log');
    return new CommandLane({
      ...context,
      input,
      position,
      deadLetters,
      group: worker.group,
      policy: { ...RETRY_POLICY, ...worker.retry },
      inFlightMax: worker.commandsInFlightMax ?? IN_FLIGHT_MAX,
      signal: this.signal,
      ask: (command) => this.#askOrThrow(command),
      commit: (to) => commit(input.topic, this.partition, to),
      onDecided: () => (counts.decided += 1),
    });
  }

  async #askOrThrow(command: Command): Promise<Outcome<Reply, Rejection>> {
    const outcome = await this.#shard.ask(command);
    if (!('rejected' in outcome)) return outcome;
    const { rejected, position } = outcome;
    if (rejected instanceof DecideFailed) throw rejected.error;
    return { rejected, position };
  }

  /** What `decide` throws must not reach the shard's loop; what `evolve` will not take is the owner's to report. */
  #guarded(
    decider: Decider<State, Command, Event, Reply, Rejection>,
  ): Decider<State, Command, Event, Reply, Rejection | DecideFailed> {
    const { refusal } = this.#options.worker;
    return {
      initial: () => decider.initial(),
      decide: (state, command) => {
        try {
          return decider.decide(state, command);
        } catch (cause) {
          return { rejected: new DecideFailed(cause instanceof Error ? cause : new Error(String(cause))) };
        }
      },
      evolve: (state, event, offset) => {
        if (refusal !== undefined && offset >= this.#endAtAssignment)
          this.#reportRefusal(refusal(state, event), offset);
        return decider.evolve(state, event, offset);
      },
      ...(decider.conclude === undefined ? {} : { conclude: decider.conclude.bind(decider) }),
    };
  }

  #reportRefusal(reason: string | undefined, offset: number): void {
    if (reason === undefined) return;
    const { context, worker, counts } = this.#options;
    counts.eventsRefused += 1;
    const { topic } = worker.log;
    context.logger.warn({ topic, partition: this.partition, offset, reason }, 'an event changes nothing');
  }

  async #undecodable(record: TopicRecord, error: Error): Promise<void> {
    this.#options.counts.eventsUndecodable += 1;
    const { group } = this.#options.worker;
    await this.#options.deadLetters.write(record, { group, error, attempts: 1 }, this.signal);
  }
}
