/** The front door's own answers, as problem+json (RFC 9457) like the API's. */
import type { FastifyReply } from 'fastify';

export interface Problem {
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** Seconds after which it is worth trying again. */
  readonly retryAfterSeconds?: number;
}

export const NO_REPLICA: Problem = {
  status: 503,
  type: 'no-replica',
  title: 'No API server is available',
  detail: 'No API server answers at the moment. The same request may be sent again.',
  retryAfterSeconds: 1,
};

export const REPLICA_LOST: Problem = {
  status: 502,
  type: 'replica-lost',
  title: 'The API server was lost before it answered',
  detail:
    'The request may or may not have been carried out. With an Idempotency-Key it would have been sent to another API server.',
};

export const TOO_LATE: Problem = {
  status: 504,
  type: 'no-answer-in-time',
  title: 'No API server answered in time',
  detail: 'The request may or may not have been carried out.',
  retryAfterSeconds: 1,
};

/** Figures are each process's own and not for whoever uses the stack. */
export const NOT_HERE: Problem = {
  status: 404,
  type: 'not-found',
  title: 'There is nothing here',
  detail: 'Every process shows its metrics at its own address only.',
};

/** What the forwarding library will not forward: a path that climbs, a body it cannot read. */
export const UNREADABLE: Problem = {
  status: 400,
  type: 'malformed',
  title: 'The request cannot be read',
  detail: 'The address or the body of the request is not well-formed.',
};

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  // Whatever of the request's body was not read would be taken for the connection's next request.
  if (!reply.request.raw.complete) void reply.header('connection', 'close');
  if (problem.retryAfterSeconds !== undefined) void reply.header('retry-after', problem.retryAfterSeconds);
  const { status, type, title, detail } = problem;
  const instance = reply.request.url.split('?')[0];
  void reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .send(
      Buffer.from(JSON.stringify({ type: `urn:tidemark:problem:${type}`, title, status, detail, instance })),
    );
}
