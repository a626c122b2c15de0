/**
 * NestJS over topics: `@EventPattern(topic, TOPICS, { group })` and `@MessagePattern(topic, TOPICS, { group })` handlers
 * whose records are consumed our way. One consumer group per `group`, several per process; a failing handler is tried
 * a bounded number of times, then the record is in the dead letters and the partition goes on; a reply is written
 * before its offset is committed; a close drains.
 *
 * NestJS calls `addHandler` for each decorated method, then `listen`, and at the end `close`. Only handlers that name
 * the transport are registered here (`TOPICS` as `transportId`); what is subscribed to is what has a handler, so that
 * no record can arrive without one.
 */
import { Server } from '@nestjs/microservices';
import type { CustomTransportStrategy, MessageHandler, MsPattern } from '@nestjs/microservices';
import { sleep } from '@tidemark/platform';
import type { Clock } from '@tidemark/platform';
import type { Logger } from '../hosting/logger.js';
import type { OwnedFrom, Ownership, TopicRecord, Topics } from '../topics/topics.js';
import { DeadLetters } from '../worker/dead-letters.js';
import { RETRY_POLICY } from '../worker/retry.js';
import type { RetryPolicy } from '../worker/retry.js';
import type { ReplyMessage } from '../worker/worker-options.js';
import { HandlerGroup } from './handler-group.js';
import type { TopicHandler } from './handler-group.js';

/** The transport id that handlers name as their second decorator argument. */
export const TOPICS = Symbol('tidemark topics');

/** The third decorator argument. */
export interface TopicHandlerExtras {
  /** The consumer group; every group gets every record of its topics. */
  readonly group: string;
  /** Records of one partition handled at once. Default: 1 for events (in order), 16 for messages. */
  readonly concurrency?: number;
  readonly retry?: Partial<RetryPolicy>;
}

export interface TopicTransportOptions {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A record as the handlers' payload. What it throws is undecodable: the record goes to the dead letters at once. */
  readonly decode: (record: TopicRecord) => unknown;
  /** A handler's result as a reply; called when the record asks for one. Undefined leaves the answer to another owner. */
  readonly encodeReply: (result: unknown, record: TopicRecord) => ReplyMessage | undefined;
  /** The reply when the handler failed for good, so that whoever waits need not run into its deadline. */
  readonly encodeFailure?: (error: Error, record: TopicRecord) => ReplyMessage;
}

const EVENTS_AT_ONCE = 1;
const MESSAGES_AT_ONCE = 16;
const DRAIN_MS = 3_000;
const DRAIN_LOOK_MS = 20;

export class TopicTransport extends Server implements CustomTransportStrategy {
  override readonly transportId = TOPICS;
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: TopicTransportOptions;
  readonly #deadLetters: DeadLetters;
  readonly #groups = new Map<string, HandlerGroup>();
  readonly #ownerships: Ownership[] = [];
  readonly #registered: { readonly topic: string; readonly handler: MessageHandler }[] = [];

  constructor(options: TopicTransportOptions) {
    super();
    this.#options = options;
    this.#deadLetters = new DeadLetters(options.topics, options.clock, options.logger);
  }

  get counts(): Readonly<{ handled: number; stale: number; deadLetters: number }> {
    const groups = [...this.#groups.values()];
    return {
      handled: groups.reduce((sum, group) => sum + group.handled, 0),
      stale: groups.reduce((sum, group) => sum + group.stale, 0),
      deadLetters: this.#deadLetters.written,
    };
  }

  /** Resolves when every group has had its first assignment. */
  async joined(): Promise<void> {
    await Promise.all(this.#ownerships.map((ownership) => ownership.joined));
  }

  /**
   * Each handler by itself: the base class chains event handlers of one pattern, and NestJS then runs all of them
   * whenever the first is called, whatever their groups.
   */
  override addHandler(
    pattern: unknown,
    handler: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const topic = this.normalizePattern(pattern as MsPattern);
    handler.isEventHandler = isEventHandler;
    handler.extras = extras;
    this.messageHandlers.set(topic, handler);
    this.#registered.push({ topic, handler });
  }

  listen(callback: (error?: unknown) => void): void {
    this.#start().then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  /** Begins nothing more, lets what is in hand finish within a bound, commits and leaves the groups. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    const groups = [...this.#groups.values()];
    for (const group of groups) group.drain();
    const deadline = clock.monotonic() + DRAIN_MS;
    while (groups.some((group) => group.inFlight > 0) && clock.monotonic() < deadline)
      await sleep(clock, DRAIN_LOOK_MS);
    await Promise.all(this.#ownerships.splice(0).map((ownership) => ownership.close()));
  }

  on(): never {
    throw new Error('the topic transport emits no events');
  }

  /** The port that the transport works on. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- NestJS's signature
  unwrap<T>(): T {
    return this.#options.topics as T;
  }

  async #start(): Promise<void> {
    for (const [group, handlers] of this.#handlersByGroup()) {
      const handlerGroup = new HandlerGroup({
        ...this.#options,
        group,
        handlers,
        deadLetters: this.#deadLetters,
        observe: (result) => this.transformToObservable(result),
      });
      this.#groups.set(group, handlerGroup);
      const topics = new Map<string, OwnedFrom>([...handlers.keys()].map((topic) => [topic, 'committed']));
      this.#ownerships.push(await handlerGroup.join(topics));
    }
  }

  /** By group, then by topic. */
  #handlersByGroup(): Map<string, Map<string, TopicHandler[]>> {
    const groups = new Map<string, Map<string, TopicHandler[]>>();
    for (const { topic, handler } of this.#registered) {
      const { group, concurrency, retry } = extrasOf(topic, handler);
      const isEvent = handler.isEventHandler === true;
      const topics = groups.get(group) ?? new Map<string, TopicHandler[]>();
      const handlers = topics.get(topic) ?? [];
      handlers.push({
        call: handler,
        isEvent,
        concurrency: concurrency ?? (isEvent ? EVENTS_AT_ONCE : MESSAGES_AT_ONCE),
        policy: { ...RETRY_POLICY, ...retry },
      });
      topics.set(topic, handlers);
      groups.set(group, topics);
    }
    return groups;
  }
}

function extrasOf(topic: string, handler: MessageHandler): TopicHandlerExtras {
  const extras = (handler.extras ?? {}) as Partial<TopicHandlerExtras>;
  if (extras.group === undefined)
    throw new Error(`the handler of ${topic} names no group: @EventPattern(topic, TOPICS, { group })`);
  return { ...extras, group: extras.group };
}
