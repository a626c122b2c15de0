/**
 * Who asks: compares the key of a request with the one this stack was started with, by hash and in constant time. The
 * key itself is read once and never kept, logged or sent on.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Who a key belongs to; decided by the key alone, never by a body. */
export interface Principal {
  readonly gateway: string;
  readonly actor: string;
}

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();

export class ApiKeys {
  private readonly admin: Buffer;

  constructor(adminKey: string) {
    this.admin = digest(adminKey.trim());
  }

  /** Nobody, when the key is missing or wrong: the two look alike to the caller. */
  principalOf(headers: IncomingHttpHeaders): Principal | undefined {
    const key = presentedKey(headers);
    if (key === undefined) return undefined;
    return timingSafeEqual(digest(key), this.admin) ? { gateway: 'default', actor: 'admin' } : undefined;
  }
}

function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const [scheme = '', bearer] = (headers.authorization ?? '').split(/ +/, 2);
  if (scheme.toLowerCase() === 'bearer' && bearer !== undefined && bearer !== '') return bearer;
  const header = headers['x-api-key'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}
