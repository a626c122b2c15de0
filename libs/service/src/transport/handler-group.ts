/**
 * The handlers of one consumer group at work: for every owned partition of each topic a record lane that decodes,
 * calls the handlers, retries, writes replies and dead letters. Made by `topic-transport.ts`.
 *
 * What must hold: several event handlers of one topic and group run one after the other, and on a retry those that
 * have succeeded are not run again; a question whose asker has given up is passed over.
 */
import type { MessageHandler } from '@nestjs/microservices';
import { partitionKey } from '@tidemark/contracts';
import { lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { replyAddress } from '../requests/reply-protocol.js';
import type { Assignment, DeliveredBatch, OwnedFrom, Ownership, TopicRecord } from '../topics/topics.js';
import type { DeadLetters } from '../worker/dead-letters.js';
import { RecordLane } from '../worker/record-lane.js';
import type { Finish } from '../worker/record-lane.js';
import { writeReply } from '../worker/reply-writer.js';
import { tryBounded } from '../worker/retry.js';
import type { RetryPolicy } from '../worker/retry.js';
import { TopicContext } from './topic-context.js';
import type { TopicTransportOptions } from './topic-transport.js';

export interface TopicHandler {
  readonly call: MessageHandler;
  readonly isEvent: boolean;
  readonly concurrency: number;
  readonly policy: RetryPolicy;
}

export interface HandlerGroupOptions extends TopicTransportOptions {
  readonly group: string;
  /** By topic; at least one each. */
  readonly handlers: ReadonlyMap<string, readonly TopicHandler[]>;
  readonly deadLetters: DeadLetters;
  readonly observe: (result: unknown) => Observable<unknown>;
}

/** What a handler threw that is no error: NestJS's own filter makes such objects. */
class HandlerFailedError extends Error {
  override readonly name = 'HandlerFailedError';
}

export class HandlerGroup {
  readonly #options: HandlerGroupOptions;
  readonly #lanes = new Map<string, RecordLane>();
  readonly #tenures = new Map<number, AbortController>();
  #ownership: Ownership | undefined;
  #draining = false;
  #handled = 0;
  #stale = 0;

  constructor(options: HandlerGroupOptions) {
    this.#options = options;
  }

  get handled(): number {
    return this.#handled;
  }

  get stale(): number {
    return this.#stale;
  }

  get inFlight(): number {
    let inFlight = 0;
    for (const lane of this.#lanes.values()) inFlight += lane.inFlight;
    return inFlight;
  }

  async join(topics: ReadonlyMap<string, OwnedFrom>): Promise<Ownership> {
    this.#ownership = await this.#options.topics.own({
      group: this.#options.group,
      topics,
      onAssigned: (assignment) => this.#assigned(assignment),
      onRevoked: (partition) => this.#revoked(partition),
      onBatch: (batch) => this.#take(batch),
    });
    return this.#ownership;
  }

  drain(): void {
    this.#draining = true;
    for (const lane of this.#lanes.values()) lane.drain();
  }

  #assigned({ partition, positions }: Assignment): void {
    const tenure = new AbortController();
    this.#tenures.set(partition, tenure);
    for (const [topic, position] of positions) {
      const handlers = this.#options.handlers.get(topic) ?? [];
      const lane = new RecordLane({
        position,
        inFlightMax: Math.min(...handlers.map((handler) => handler.concurrency)),
        signal: tenure.signal,
        logger: this.#options.logger,
        begin: (record) => Promise.resolve(this.#begin(record, handlers, tenure.signal)),
        commit: (to) => this.#ownership?.commit(topic, partition, to),
      });
      if (this.#draining) lane.drain();
      this.#lanes.set(partitionKey(topic, partition), lane);
    }
  }

  #revoked(partition: number): void {
    this.#tenures.get(partition)?.abort(new Error('the partition was taken away'));
    this.#tenures.delete(partition);
    for (const topic of this.#options.handlers.keys()) this.#lanes.delete(partitionKey(topic, partition));
  }

  async #take(batch: DeliveredBatch): Promise<void> {
    await this.#lanes.get(partitionKey(batch.topic, batch.partition))?.take(batch);
  }

  #begin(record: TopicRecord, handlers: readonly TopicHandler[], signal: AbortSignal): Finish {
    const { clock, decode } = this.#options;
    const address = replyAddress(record);
    if (address !== undefined && address.deadline <= clock.now()) {
      this.#stale += 1;
      return () => Promise.resolve(true);
    }
    let payload: unknown;
    try {
      payload = decode(record);
    } catch (cause) {
      return () => this.#giveUp(record, toError(cause), 1, signal);
    }
    return () => this.#handle(record, payload, handlers, signal);
  }

  async #handle(
    record: TopicRecord,
    payload: unknown,
    handlers: readonly TopicHandler[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock } = this.#options;
    for (const handler of handlers) {
      const call = (attempt: number): Promise<unknown> =>
        this.#call(handler, payload, record, attempt, signal);
      const tried = await tryBounded(call, { clock, policy: handler.policy, signal });
      if ('aborted' in tried) return false;
      if ('error' in tried) return this.#giveUp(record, tried.error, tried.attempts, signal);
      if (handler.isEvent || replyAddress(record) === undefined) continue;
      await writeReply(this.#options, record, this.#options.encodeReply(tried.value, record));
    }
    this.#handled += 1;
    return true;
  }

  async #call(
    handler: TopicHandler,
    payload: unknown,
    record: TopicRecord,
    attempt: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    const context = new TopicContext([{ record, group: this.#options.group, attempt, signal }]);
    try {
      const result: unknown = await handler.call(payload, context);
      // A handler may return nothing, and a stream may be empty: both are a success.
      return await lastValueFrom(this.#options.observe(result), { defaultValue: undefined });
    } catch (cause) {
      throw toError(cause);
    }
  }

  async #giveUp(record: TopicRecord, error: Error, attempts: number, signal: AbortSignal): Promise<boolean> {
    const { deadLetters, group, encodeFailure } = this.#options;
    if (!(await deadLetters.write(record, { group, error, attempts }, signal))) return false;
    await writeReply(this.#options, record, encodeFailure?.(error, record));
    return true;
  }
}

function toError(cause: unknown): Error {
  if (cause instanceof Error) return cause;
  const isDescribed = typeof cause === 'object' && cause !== null && 'message' in cause;
  return new HandlerFailedError(isDescribed ? String(cause.message) : String(cause));
}
