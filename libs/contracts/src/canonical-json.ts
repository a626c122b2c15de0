/**
 * One spelling per JSON value: object keys sorted by code unit, no white space, absent (`undefined`) members left
 * out. Two equal values have equal bytes, so that a hash over them says whether two bodies, states or rows are the
 * same. Numbers are spelled as ECMAScript spells them (as in RFC 8785).
 */
import { createHash } from 'node:crypto';

export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('JSON has no spelling for a number that is not finite');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item: unknown) => (item === undefined ? 'null' : canonicalJson(item))).join(',')}]`;
  }
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`JSON has no spelling for a ${typeof value}`);
}

export function sha256Hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** What ExperimentCreated keeps of a request: the same key with another hash is another request. */
export function bodyHash(body: unknown): string {
  return sha256Hex(canonicalJson(body));
}
