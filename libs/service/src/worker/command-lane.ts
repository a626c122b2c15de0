/**
 * One input topic of one owned partition: decodes commands, has the shard decide them, writes the replies, and commits
 * in order what is finished. Made per input and tenure by `worker-partition.ts`.
 *
 * What must hold: a record is acknowledged only when its decision was read back and its reply written, or when it is
 * in the dead letters; a record that cannot be processed delays no other; after the abort nothing is acknowledged.
 */
import type { Outcome } from '@tidemark/decider';
import { sleep } from '@tidemark/platform';
import type { Clock } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import type { Logger } from '../hosting/logger.js';
import { replyAddress, replyRecord } from '../requests/reply-protocol.js';
import type { DeliveredBatch, TopicRecord, Topics } from '../topics/topics.js';
import { AckTracker } from './ack-tracker.js';
import type { DeadLetters } from './dead-letters.js';
import { tryBounded, UnprocessableError } from './retry.js';
import type { RetryPolicy } from './retry.js';
import type { ReplyMessage, SettledOutcome, WorkerInput } from './worker-options.js';

export interface CommandLaneOptions<Command, Reply, Rejection> {
  readonly input: WorkerInput<Command, Reply, Rejection>;
  readonly group: string;
  readonly partition: number;
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

/** A reply is worth no more than the patience of whoever waits. */
const REPLY_DEADLINE_MS = 5_000;
const PAUSE_MS = 100;

export class CommandLane<Command, Reply, Rejection> {
  readonly #options: CommandLaneOptions<Command, Reply, Rejection>;
  readonly #acks: AckTracker;
  #inFlight = 0;
  #wake: (() => void) | undefined;
  #draining = false;

  constructor(options: CommandLaneOptions<Command, Reply, Rejection>) {
    this.#options = options;
    this.#acks = new AckTracker(options.position);
    options.signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  /** Commands begun and not finished. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Begins no further command. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves when every record of the batch has been begun; waits while too many are in flight. */
  async take(batch: DeliveredBatch): Promise<void> {
    for (const record of batch.records) {
      await this.#room();
      if (this.#options.signal.aborted) return;
      this.#acks.begin(record.offset);
      this.#inFlight += 1;
      const command = await this.#prepare(record);
      void this.#finish(record, command);
    }
    this.#options.commit(this.#acks.passed(batch.nextPosition));
  }

  async #room(): Promise<void> {
    while (!this.#options.signal.aborted && (this.#draining || this.#inFlight >= this.#options.inFlightMax)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Decoded and, where the input says so, awaited in the partition's order. The error, when it will never be a command. */
  async #prepare(record: TopicRecord): Promise<{ command: Command | undefined } | { failed: Failed }> {
    const { input, clock, policy, signal } = this.#options;
    let command: Command | undefined;
    try {
      command = input.decode(record);
    } catch (cause) {
      return { failed: { error: toError(cause), attempts: 1 } };
    }
    if (command === undefined || input.before === undefined) return { command };
    const decoded = command;
    const before = input.before.bind(input);
    const tried = await tryBounded(() => before(decoded, record, signal), { clock, policy, signal });
    return 'error' in tried ? { failed: tried } : { command };
  }

  /** Never rejects. */
  async #finish(
    record: TopicRecord,
    prepared: { command: Command | undefined } | { failed: Failed },
  ): Promise<void> {
    const { signal, logger } = this.#options;
    try {
      const finished =
        'failed' in prepared
          ? await this.#giveUp(record, prepared.failed)
          : prepared.command === undefined || (await this.#decide(record, prepared.command));
      if (finished && !signal.aborted) this.#options.commit(this.#acks.done(record.offset));
    } catch (error) {
      // Unacknowledged, it comes again with the next owner; nothing after it is committed meanwhile.
      logger.error({ offset: record.offset, error: describeError(error) }, 'a record was left unfinished');
    } finally {
      this.#inFlight -= 1;
      this.#wake?.();
    }
  }

  /** False when the partition was taken away. */
  async #decide(record: TopicRecord, command: Command): Promise<boolean> {
    const { clock, policy, signal, input } = this.#options;
    const tried = await tryBounded(() => this.#settled(command), { clock, policy, signal });
    if ('aborted' in tried) return false;
    if ('error' in tried) return this.#giveUp(record, tried);
    if (tried.value === undefined) return false;
    this.#options.onDecided();
    await this.#reply(record, input.respond?.(command, tried.value, record));
    return true;
  }

  /** Until it is decided; nothing when the partition was taken away. Throws what `decide` threw. */
  async #settled(command: Command): Promise<SettledOutcome<Reply, Rejection> | undefined> {
    const { ask, clock, signal } = this.#options;
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

  async #giveUp(record: TopicRecord, failed: Failed): Promise<boolean> {
    const { deadLetters, group, signal, input } = this.#options;
    const { error, attempts } = failed;
    if (!(await deadLetters.write(record, { group, error, attempts }, signal))) return false;
    await this.#reply(record, input.respondFailed?.(record, error));
    return true;
  }

  /** A reply that cannot be written is given up: whoever waits has a deadline and asks again. */
  async #reply(record: TopicRecord, message: ReplyMessage | undefined): Promise<void> {
    const address = message === undefined ? undefined : replyAddress(record);
    if (message === undefined || address === undefined) return;
    const { topics, clock, logger } = this.#options;
    const deadlineMs = Math.min(REPLY_DEADLINE_MS, address.deadline - clock.now());
    if (deadlineMs <= 0) return;
    try {
      await topics.publish(address.topic, [replyRecord(address, message.value, message.headers)], {
        deadlineMs,
      });
    } catch (error) {
      logger.warn({ topic: address.topic, error: describeError(error) }, 'a reply was not written');
    }
  }
}

interface Failed {
  readonly error: Error;
  readonly attempts: number;
}

function toError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
