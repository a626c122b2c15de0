/**
 * One input topic of one owned partition: decodes commands, has the shard decide them, and writes the replies. Made
 * per input and tenure by `worker-partition.ts`; the record lane under it keeps the order of commits.
 *
 * What must hold: a record is finished only when its decision was read back and its reply written, or when it is in
 * the dead letters; a record that cannot be processed delays no other.
 */
import type { Outcome } from '@tidemark/decider';
import { sleep } from '@tidemark/platform';
import type { Clock } from '@tidemark/platform';
import type { Logger } from '../hosting/logger.js';
import type { TopicRecord, Topics } from '../topics/topics.js';
import type { DeadLetters } from './dead-letters.js';
import { RecordLane } from './record-lane.js';
import type { Finish } from './record-lane.js';
import { writeReply } from './reply-writer.js';
import { tryBounded, UnprocessableError } from './retry.js';
import type { RetryPolicy } from './retry.js';
import type { SettledOutcome, WorkerInput } from './worker-options.js';

export interface CommandLaneOptions<Command, Reply, Rejection> {
  readonly input: WorkerInput<Command, Reply, Rejection>;
  readonly group: string;
  readonly position: number;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadLetters: DeadLetters;
  readonly policy: RetryPolicy;
  readonly inFlightMax: number;
  readonly signal: AbortSignal;
  /** Throws what `decide` threw. */
  readonly ask: (command: Command) => Promise<Outcome<Reply, Rejection>>;
  readonly commit: (position: number) => void;
  readonly onDecided: () => void;
}

const PAUSE_MS = 100;

interface Failed {
  readonly error: Error;
  readonly attempts: number;
}

export class CommandLane<Command, Reply, Rejection> extends RecordLane {
  readonly #work: CommandLaneOptions<Command, Reply, Rejection>;

  constructor(options: CommandLaneOptions<Command, Reply, Rejection>) {
    super({ ...options, begin: (record) => this.#begin(record) });
    this.#work = options;
  }

  /** Decoded and, where the input says so, awaited in the partition's order. */
  async #begin(record: TopicRecord): Promise<Finish> {
    const { input, clock, policy, signal } = this.#work;
    let command: Command | undefined;
    try {
      command = input.decode(record);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      return () => this.#giveUp(record, { error, attempts: 1 });
    }
    if (command === undefined) return () => Promise.resolve(true);
    const decoded = command;
    if (input.before === undefined) return () => this.#decide(record, decoded);
    const before = input.before.bind(input);
    const tried = await tryBounded(() => before(decoded, record, signal), { clock, policy, signal });
    return 'error' in tried ? () => this.#giveUp(record, tried) : () => this.#decide(record, decoded);
  }

  async #decide(record: TopicRecord, command: Command): Promise<boolean> {
    const { clock, policy, signal, input } = this.#work;
    const tried = await tryBounded(() => this.#settled(command), { clock, policy, signal });
    if ('aborted' in tried) return false;
    if ('error' in tried) return this.#giveUp(record, tried);
    if (tried.value === undefined) return false;
    this.#work.onDecided();
    await writeReply(this.#work, record, input.respond?.(command, tried.value, record));
    return true;
  }

  /** Until it is decided; nothing when the partition was taken away. Throws what `decide` threw. */
  async #settled(command: Command): Promise<SettledOutcome<Reply, Rejection> | undefined> {
    const { ask, clock, signal } = this.#work;
    while (!signal.aborted) {
      const outcome = await ask(command);
      if (!('failed' in outcome)) return outcome;
      if (outcome.failed === 'refused')
        throw new UnprocessableError('its events were refused by their topic');
      // In doubt or overloaded: the same command again is harmless, and only time helps.
      await sleep(clock, PAUSE_MS, signal).catch(() => undefined);
    }
    return undefined;
  }

  async #giveUp(record: TopicRecord, { error, attempts }: Failed): Promise<boolean> {
    const { deadLetters, group, signal, input } = this.#work;
    if (!(await deadLetters.write(record, { group, error, attempts }, signal))) return false;
    await writeReply(this.#work, record, input.respondFailed?.(record, error));
    return true;
  }
}
