/**
 * The one place where an exception becomes an HTTP answer. Knows three kinds: our own `Problem`, the framework's
 * (bodies too large, malformed JSON, unknown routes), and everything else, which is a bug: logged under the traceId,
 * shown to the caller without detail.
 */
import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { DiskError } from '@tidemark/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem, problemOfStatus } from './problem.js';

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('problem');

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = toProblem(exception);
    if (problem.code === 'internal') this.logger.error(exception, { traceId: request.id });
    if (reply.raw.headersSent) {
      // An answer that had begun: nothing can be said any more but by breaking it off.
      reply.raw.destroy();
      return;
    }
    void reply
      .status(problem.status)
      .headers({ ...problem.headers, 'content-type': 'application/problem+json; charset=utf-8' })
      .send(JSON.stringify(problem.body(request.url.split('?')[0] ?? '/', request.id)));
  }
}

/** Fastify's errors carry a status and a code that starts with FST_; Nest's are HttpExceptions. */
export function toProblem(exception: unknown): Problem {
  if (exception instanceof Problem) return exception;
  if (exception instanceof DiskError && exception.code === 'no-space') {
    return new Problem('insufficient-storage', 'The content could not be kept.');
  }
  const status = statusOf(exception);
  if (status === undefined || status >= 500) {
    return new Problem('internal', 'The request was not carried out.');
  }
  return new Problem(problemOfStatus(status), messageOf(exception));
}

function statusOf(exception: unknown): number | undefined {
  if (exception instanceof HttpException) return exception.getStatus();
  if (typeof exception === 'object' && exception !== null && 'statusCode' in exception) {
    return typeof exception.statusCode === 'number' ? exception.statusCode : undefined;
  }
  return undefined;
}

const messageOf = (exception: unknown): string =>
  exception instanceof Error ? exception.message : 'bad request';
