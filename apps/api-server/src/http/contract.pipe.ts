/**
 * Checks every part of a request against the zod schema its handler names, and says all that is wrong at once, with
 * JSON pointers: in a body 422, in the query 400, in the path 404 (no such thing can exist).
 */
import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import type { Fault } from '@tidemark/contracts';
import { z } from 'zod';
import { Problem } from '../problems/problem.js';

const FAULTS_MAX = 100;

@Injectable()
export class ContractPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const { schema, type } = metadata as ArgumentMetadata & { schema?: unknown };
    if (!(schema instanceof z.ZodType)) return value;
    // No body at all counts as an empty one: what is required is then named.
    const checked = schema.safeParse(type === 'body' && value === undefined ? {} : value);
    if (checked.success) return checked.data;
    if (type === 'param') throw new Problem('not-found', 'There is nothing under this id.');
    const errors = faultsOf(checked.error);
    throw new Problem(type === 'body' ? 'validation' : 'malformed', summary(errors), { errors });
  }
}

/** A zod error as faults with RFC 6901 pointers. */
export function faultsOf(error: z.ZodError): Fault[] {
  return error.issues.slice(0, FAULTS_MAX).map((issue) => ({
    pointer: issue.path
      .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join(''),
    code: issue.code,
    message: issue.message.slice(0, 1024),
  }));
}

const summary = ([first, ...rest]: readonly Fault[]): string =>
  `${first?.pointer === '' ? 'the request' : first?.pointer}: ${first?.message}` +
  (rest.length > 0 ? ` (and ${rest.length} more)` : '');
