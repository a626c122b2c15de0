/**
 * The one address of the stack: forwards every request to an API replica and hides a dead one; only what is about a
 * process itself (health, metrics) is answered here and never by some replica. Holds no state but the replicas'
 * (ReplicaSet). Built on @fastify/reply-from, the library below @fastify/http-proxy, because the
 * choice of another replica after a failure needs each request in hand.
 *
 * What must hold:
 * - A request that may have reached a replica goes to another only for GET and HEAD or with an Idempotency-Key, and
 *   only before a byte of the response; one whose connection was refused has reached nobody.
 * - No request waits longer than 10 s for the head of its response; bodies and event streams may take longer.
 */
import { Readable } from 'node:stream';
import replyFrom from '@fastify/reply-from';
import fastify, {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import { readPayload } from './payload.js';
import { NO_REPLICA, NOT_HERE, REPLICA_LOST, TOO_LATE, UNREADABLE, sendProblem } from './problems.js';
import type { Replica, ReplicaSet } from './replica-set.js';

export interface FrontDoorLimits {
  /** The whole of a request's waiting, milliseconds. */
  readonly answerBoundMs: number;
  /** One replica's part of it: longer than the API's own longest wait (5 s). */
  readonly attemptBoundMs: number;
  /** How long to wait for a replica when there is none. */
  readonly noReplicaBoundMs: number;
}

export const DEFAULT_LIMITS: FrontDoorLimits = {
  answerBoundMs: 9_500,
  attemptBoundMs: 6_000,
  noReplicaBoundMs: 3_000,
};

/** Longer than the API's heartbeats on event streams (15 s). */
const BODY_IDLE_BOUND_MS = 60_000;
const CONNECT_BOUND_MS = 2_000;
/** By so much the HTTP client's timers may be late. */
const TIMER_SLACK_MS = 1_000;
const ATTEMPT_MIN_MS = 50;
const CAUSES_MAX = 5;

interface Forwarding {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly payload: Buffer | Readable | undefined;
  readonly deadline: number;
  readonly tried: Set<Replica>;
}

/** reply-from takes a request's bound for its response's body too, which would cut an event stream that is silent. */
class PatientAgent extends Agent {
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return super.dispatch({ ...options, bodyTimeout: BODY_IDLE_BOUND_MS }, handler);
  }
}

/** Log lines as all processes write them: level by name, time as text, the process's name. */
export function logLines(name: string, level: string): FastifyServerOptions['logger'] {
  return {
    level,
    base: { name },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  };
}

export async function openFrontDoor(
  replicas: ReplicaSet,
  limits: FrontDoorLimits,
  logger: FastifyServerOptions['logger'],
): Promise<FastifyInstance> {
  const server = fastify({
    ...(logger === undefined ? {} : { logger }),
    logController: new LogController({ disableRequestLogging: true }),
    // Event streams would keep a closing server open for ever.
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: false },
  });
  await server.register(replyFrom, {
    disableRequestLogging: true,
    destroyAgent: true,
    undici: new PatientAgent({ connections: 256, pipelining: 1, connect: { timeout: CONNECT_BOUND_MS } }),
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  server.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const isTheirs = (error.statusCode ?? 500) < 500;
    if (!isTheirs) request.log.error({ err: error }, 'could not forward');
    sendProblem(reply, isTheirs ? UNREADABLE : REPLICA_LOST);
  });
  for (const path of ['/readyz', '/front-door/readyz']) {
    server.get(path, async (_request, reply) => {
      const isReady = replicas.replicas.some((replica) => replica.health === 'ready');
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'no replica is ready' });
    });
  }
  server.get('/healthz', () => ({ status: 'alive' }));
  server.all('/metrics', (_request, reply) => sendProblem(reply, NOT_HERE));
  server.get('/front-door/replicas', () =>
    replicas.replicas.map(({ name, origin, health, underWay }) => ({ name, origin, health, underWay })),
  );
  server.all('/*', async (request, reply) => {
    const deadline = Date.now() + limits.answerBoundMs;
    const payload = await readPayload(request);
    await forward({ request, reply, payload, deadline, tried: new Set() }, replicas, limits);
    return reply;
  });
  return server;
}

async function forward(forwarding: Forwarding, replicas: ReplicaSet, limits: FrontDoorLimits): Promise<void> {
  const { request, reply, payload, deadline, tried } = forwarding;
  const replica = await pickReplica(forwarding, replicas, limits);
  if (replica === undefined) {
    sendProblem(reply, tried.size === 0 ? NO_REPLICA : REPLICA_LOST);
    return;
  }
  const timeoutMs = Math.min(limits.attemptBoundMs, deadline - TIMER_SLACK_MS - Date.now());
  if (timeoutMs < ATTEMPT_MIN_MS) {
    sendProblem(reply, TOO_LATE);
    return;
  }
  tried.add(replica);
  replica.underWay += 1;
  let isUnderWay = true;
  const settle = (): void => {
    if (isUnderWay) replica.underWay -= 1;
    isUnderWay = false;
  };
  reply.raw.once('close', settle);
  reply.from(`${replica.origin}${request.raw.url ?? '/'}`, {
    timeout: timeoutMs,
    ...(Buffer.isBuffer(payload)
      ? { body: payload, contentType: request.headers['content-type'] ?? 'application/octet-stream' }
      : {}),
    // `Expect: 100-continue` (curl, for larger bodies) has been answered here, and the HTTP client refuses it.
    rewriteRequestHeaders: (_request, { expect: _answered, ...headers }) => ({
      ...headers,
      'x-forwarded-host': request.headers.host ?? '',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': request.ip,
    }),
    onError: (_reply, failure) => {
      settle();
      const { code, isUnsent, isLate } = classify(failure.error);
      request.log.warn(
        { replica: replica.name, method: request.method, url: request.url, code },
        'no answer',
      );
      replicas.suspect(replica);
      const mayGoElsewhere = !(payload instanceof Readable) && (isUnsent || isRepeatable(request));
      if (mayGoElsewhere) void forward(forwarding, replicas, limits);
      else sendProblem(reply, isLate ? TOO_LATE : REPLICA_LOST);
    },
  });
}

/** Waits a moment when there is nobody; the ones that failed this request are tried again only after all others. */
async function pickReplica(
  { deadline, tried }: Forwarding,
  replicas: ReplicaSet,
  limits: FrontDoorLimits,
): Promise<Replica | undefined> {
  const patience = Math.min(deadline, Date.now() + limits.noReplicaBoundMs);
  for (;;) {
    const replica = replicas.pick(tried) ?? replicas.pick(new Set());
    const leftMs = patience - Date.now();
    if (replica !== undefined || leftMs <= 0) return replica;
    await replicas.change(leftMs);
  }
}

function isRepeatable(request: FastifyRequest): boolean {
  return ['GET', 'HEAD'].includes(request.method) || request.headers['idempotency-key'] !== undefined;
}

interface Failure {
  readonly code: string;
  /** Nobody can have received the request. */
  readonly isUnsent: boolean;
  readonly isLate: boolean;
}

/** reply-from wraps the system's word; it is looked for down the chain of causes. */
function classify(error: unknown): Failure {
  const codes: string[] = [];
  let at = error as (NodeJS.ErrnoException & { readonly cause?: unknown }) | null | undefined;
  while (at !== null && at !== undefined && codes.length < CAUSES_MAX) {
    codes.push(at.code ?? at.name);
    at = at.cause as typeof at;
  }
  return {
    code: codes.at(-1) ?? 'unknown',
    isUnsent: codes.some((code) => code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT'),
    isLate: codes.some((code) => code.includes('TIMEOUT')),
  };
}
