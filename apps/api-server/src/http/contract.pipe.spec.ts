// What a request may be, part by part, and how its faults are told.
import { z } from 'zod';
import { Problem } from '../problems/problem.js';
import { ContractPipe } from './contract.pipe.js';

const schema = z.strictObject({ a: z.object({ 'b/c': z.int() }), d: z.string().default('x') });

const check = (value: unknown, type: 'body' | 'query' | 'param'): unknown => {
  try {
    return new ContractPipe().transform(value, { type, schema });
  } catch (error) {
    return error;
  }
};

describe('contract pipe', () => {
  it('fills in defaults', () => {
    expect(check({ a: { 'b/c': 1 } }, 'body')).toEqual({ a: { 'b/c': 1 }, d: 'x' });
  });

  it('points at every fault', () => {
    const problem = check({ a: { 'b/c': 'no' }, role: 'admin' }, 'body') as Problem;
    expect(problem.status).toBe(422);
    expect(problem.extras.errors?.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/a/b~1c', 'invalid_type'],
      ['', 'unrecognized_keys'],
    ]);
  });

  it.each([
    ['body', undefined, 'validation'],
    ['query', {}, 'malformed'],
    ['param', 'x', 'not-found'],
  ] as const)('answers a bad %s with the status of its place', (type, value, code) => {
    expect((check(value, type) as Problem).code).toBe(code);
  });

  it('lets pass what has no schema', () => {
    expect(new ContractPipe().transform('anything', { type: 'custom' })).toBe('anything');
  });
});
