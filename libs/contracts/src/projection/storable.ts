/**
 * PostgreSQL's text and jsonb take neither NUL nor halves of surrogate pairs, but a record may carry both. The
 * projection reads such records with a replacement character instead, so that nobody can stop it with one. In JSON both
 * can only be written as escapes, and so nearly every record is let pass at a glance.
 */
import type { Message } from '../envelope/envelope.js';

// eslint-disable-next-line no-control-regex -- it is there to be replaced
const UNSTORABLE = /\u0000|\p{Surrogate}/gu;

const NUL = '\u0000';
const ESCAPE = '\\u';

/** The same message when there is nothing to replace. `value` is the record's, as it was read. */
export function storable<Kind extends Message>(
  message: Kind,
  value: Uint8Array | string | null | undefined,
): Kind {
  return hasEscapes(value) || hasNul(message) ? (replaced(message) as Kind) : message;
}

function hasNul({ key, id, gateway, actor, cause }: Message): boolean {
  return (
    key.includes(NUL) ||
    id.includes(NUL) ||
    gateway.includes(NUL) ||
    actor.includes(NUL) ||
    cause?.includes(NUL) === true
  );
}

function hasEscapes(value: Uint8Array | string | null | undefined): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value.includes(ESCAPE);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(ESCAPE);
}

function replaced(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(UNSTORABLE, '\ufffd');
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.replace(UNSTORABLE, '\ufffd'), replaced(member)]),
  );
}
