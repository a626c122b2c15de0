/**
 * The HTTP API as the commands use it: JSON in and out, problems as `Fault`s of one line. A request that may be
 * repeated (GET, or with an Idempotency-Key) is repeated for a while when nobody answers or the answer is 503, so
 * that a replica that dies under a command is not noticed. Holds only the target.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { problemResponseSchema, type ProblemResponse } from '@tidemark/contracts';
import { Fault, reasonOf } from '../console/fault.js';
import type { ApiTarget } from './target.js';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly json?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** An answer that was not 2xx. */
export class ApiFault extends Fault {
  constructor(
    readonly problem: ProblemResponse,
    message: string,
  ) {
    super(message);
  }
}

const REPEAT_FOR_MS = 30_000;
const REPEAT_AFTER_MS = 250;

export class ApiClient {
  constructor(private readonly target: ApiTarget) {}

  get url(): string {
    return this.target.url;
  }

  /** The parsed body of a 2xx answer. Rejects with a `Fault`, an `ApiFault` when the API refused. */
  async json<Answer>(path: string, request: ApiRequest = {}): Promise<Answer> {
    const response = await this.fetch(path, request);
    return (await response.json()) as Answer;
  }

  /** A 2xx answer, its body not yet read. */
  async fetch(path: string, request: ApiRequest = {}): Promise<Response> {
    const method = request.method ?? 'GET';
    const mayRepeat = method === 'GET' || request.idempotencyKey !== undefined;
    const deadline = Date.now() + REPEAT_FOR_MS;
    for (;;) {
      const outcome = await this.#once(path, method, request);
      if (outcome instanceof Response && outcome.ok) return outcome;
      const isTransient = !(outcome instanceof Response) || [502, 503, 504].includes(outcome.status);
      const isOver = Date.now() > deadline || request.signal?.aborted === true;
      if (mayRepeat && isTransient && !isOver) {
        if (outcome instanceof Response) await outcome.arrayBuffer().catch(() => undefined);
        await delay(REPEAT_AFTER_MS);
        continue;
      }
      if (outcome instanceof Response) throw await refusal(outcome);
      throw new Fault(`${this.target.url} does not answer: ${reasonOf(outcome)}`);
    }
  }

  async #once(path: string, method: string, request: ApiRequest): Promise<Response | Error> {
    const { json, form, idempotencyKey, signal } = request;
    try {
      return await fetch(`${this.target.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.target.apiKey}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
          ...request.headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(form === undefined ? {} : { body: form }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      return cause instanceof Error ? cause : new Error(String(cause));
    }
  }
}

async function refusal(response: Response): Promise<Fault> {
  const text = await response.text().catch(() => '');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return new Fault(`the API answered ${response.status} ${response.statusText}`);
  }
  const parsed = problemResponseSchema.safeParse(body);
  if (!parsed.success) return new Fault(`the API answered ${response.status} ${response.statusText}`);
  const { title, detail, errors } = parsed.data;
  const faults = (errors ?? []).map(
    (fault) => `${fault.pointer === '' ? '' : `${fault.pointer}: `}${fault.message}`,
  );
  const words = [detail ?? title, ...faults];
  return new ApiFault(parsed.data, words.join('; '));
}
