/**
 * Who asks, as a handler's parameter: the principal of a guarded request and the trace that it belongs to.
 */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import type { Asker } from '../requests/asking.js';
import type { Principal } from './api-key.js';

/** A request that the guard has let pass. */
export type Authenticated = FastifyRequest & { principal?: Principal };

export const AskedBy = createParamDecorator((_: unknown, context: ExecutionContext): Asker => {
  const { principal, headers } = context.switchToHttp().getRequest<Authenticated>();
  if (principal === undefined) throw new Problem('unauthorized', 'The request carries no valid API key.');
  const { traceparent } = headers;
  return { principal, traceparent: typeof traceparent === 'string' ? traceparent : undefined };
});
