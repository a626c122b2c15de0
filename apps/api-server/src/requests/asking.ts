/**
 * Commands and questions, from HTTP to topics and back: wraps a payload in an envelope, sends it through the book of
 * requests, checks the reply against its contract, and turns every way of not being answered into a `Problem`. Holds
 * no state of its own. Called by the controllers.
 */
import {
  CATALOG_TOPIC,
  COMMANDS_TOPIC,
  commandRepliedSchema,
  encode,
  EXPERIMENTS_TOPIC,
  formatPosition,
  formatTime,
  messageIdFromBytes,
  newMessage,
  QUERIES,
  QUERIES_TOPIC,
  queryRepliedSchema,
  type CommandResult,
  type CommandType,
  type Envelope,
  type Message,
  type PayloadInput,
  type QueryRequest,
  type QueryResult,
  type QueryType,
} from '@tidemark/contracts';
import type { Clock, Random } from '@tidemark/platform';
import {
  nextTraceparent,
  type RequestOutcome,
  type RequestReply,
  type Topics,
  TopicsError,
} from '@tidemark/service';
import type { z } from 'zod';
import type { Principal } from '../authentication/api-key.js';
import { Problem } from '../problems/problem.js';

/** Who asks, and which trace it belongs to. */
export interface Asker {
  readonly principal: Principal;
  readonly traceparent: string | undefined;
}

export interface AskingOptions {
  readonly requests: RequestReply;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly random: Random;
}

const COMMAND_DEADLINE_MS = 5_000;
/** A view may take its five seconds to reach a position; the answer takes a moment more. */
const QUERY_DEADLINE_MS = 6_000;
const QUERY_RESEND_AFTER_MS = 500;
const RANDOM_ID_BYTES = 17;
/** The topic that tells of what a question is about, for those that are about one thing. */
const TOLD_IN: Partial<Record<QueryType, string>> = {
  GetExperiment: EXPERIMENTS_TOPIC,
  ListEvents: EXPERIMENTS_TOPIC,
  GetApplication: CATALOG_TOPIC,
  GetDataProduct: CATALOG_TOPIC,
};

export class Asking {
  constructor(private readonly options: AskingOptions) {}

  /** Sends a command and answers with what its decider replied once the command's events were committed. */
  async command<Type extends CommandType>(
    type: Type,
    key: string,
    payload: PayloadInput<Type>,
    asker: Asker,
  ): Promise<{ result: CommandResult; position: string }> {
    const record = encode(newMessage(type, payload, this.#envelope(key, asker)) as Message);
    const outcome = await this.options.requests.request({
      topic: COMMANDS_TOPIC,
      ...record,
      deadlineMs: COMMAND_DEADLINE_MS,
    });
    const reply = replied(outcome, commandRepliedSchema);
    if ('problem' in reply)
      throw new Problem(reply.problem.code, reply.problem.detail, { errors: reply.problem.errors });
    return reply;
  }

  /**
   * Asks any Metadata Server; `null` results are the caller's to interpret. That there is no such thing is believed only
   * of a view that stands where the log ends now: whoever was told of a new one asks for it at once, and perhaps a
   * replica whose view is a moment behind.
   */
  async query<Type extends QueryType>(
    type: Type,
    request: QueryRequest<Type>,
    asker: Asker,
  ): Promise<{ result: QueryResult<Type>; position: string }> {
    const answer = await this.#queryOnce(type, request, asker);
    const topic = TOLD_IN[type];
    if (answer.result !== null || topic === undefined) return answer;
    const position = await this.#endOf(topic);
    return this.#queryOnce(type, { ...request, position }, asker);
  }

  async #queryOnce<Type extends QueryType>(
    type: Type,
    request: QueryRequest<Type>,
    asker: Asker,
  ): Promise<{ result: QueryResult<Type>; position: string }> {
    const key = messageIdFromBytes(this.options.random.bytes(RANDOM_ID_BYTES));
    const record = encode(newMessage(type, request, this.#envelope(key, asker)) as Message);
    const outcome = await this.options.requests.request({
      topic: QUERIES_TOPIC,
      ...record,
      deadlineMs: QUERY_DEADLINE_MS,
      resendAfterMs: QUERY_RESEND_AFTER_MS,
    });
    const reply = replied(outcome, queryRepliedSchema);
    if ('problem' in reply)
      throw new Problem(reply.problem.code, reply.problem.detail, { errors: reply.problem.errors });
    const schema: z.ZodType = QUERIES[type].result;
    return { result: schema.parse(reply.result) as QueryResult<Type>, position: reply.position };
  }

  /** The end of the catalog now: whoever has read so far has seen whatever was acknowledged before this call. */
  catalogEnd(): Promise<string> {
    return this.#endOf(CATALOG_TOPIC);
  }

  randomBytes(): Uint8Array {
    return this.options.random.bytes(RANDOM_ID_BYTES);
  }

  async #endOf(topic: string): Promise<string> {
    try {
      return formatPosition(await this.options.topics.ends(topic));
    } catch (error) {
      if (!(error instanceof TopicsError)) throw error;
      throw new Problem('log-unavailable', 'The log does not say where it ends at the moment.');
    }
  }

  #envelope(key: string, { principal, traceparent }: Asker): Envelope {
    const { clock, random } = this.options;
    return {
      key,
      id: messageIdFromBytes(random.bytes(RANDOM_ID_BYTES)),
      ...principal,
      time: formatTime(clock.now()),
      traceparent: nextTraceparent(random, traceparent),
    };
  }
}

const FAILED = {
  timeout: ['no-reply', 'The request may still be carried out; the same Idempotency-Key is safe.'],
  unavailable: ['log-unavailable', 'The log does not take the request at the moment.'],
  overloaded: ['overloaded', 'Too many requests wait for their answers.'],
} as const;

function replied<Reply>(outcome: RequestOutcome, schema: z.ZodType<Reply>): Reply {
  if ('failed' in outcome) {
    const [code, detail] = FAILED[outcome.failed];
    throw new Problem(code, detail);
  }
  return schema.parse(JSON.parse(outcome.reply.value?.toString('utf8') ?? 'null'));
}
