/**
 * The names of the record headers and how they are read. Header values are UTF-8 text; a client may hand them over
 * as bytes, as text or as a list of either (a header may be repeated: the first counts).
 */
import { isTime } from '../time.js';
import type { Envelope } from './envelope.js';

export const HEADERS = {
  id: 'id',
  type: 'type',
  version: 'version',
  gateway: 'gateway',
  actor: 'actor',
  cause: 'cause',
  time: 'time',
  traceparent: 'traceparent',
  contentType: 'content-type',
} as const;

type HeaderValue = Uint8Array | string;
type HeaderValues = HeaderValue | readonly HeaderValue[] | undefined;
export type RawHeaders = Readonly<Record<string, HeaderValues>> | ReadonlyMap<string, HeaderValue>;

const VALUE_LENGTH_MAX = 1024;
const VERSION = /^[1-9][0-9]{0,5}$/;

const lenient = new TextDecoder('utf-8');

/** The header's text, nothing when it is not there or too long to be ours. */
export function headerText(headers: RawHeaders, name: string): string | undefined {
  const found = valuesOf(headers, name);
  const value = isList(found) ? found[0] : found;
  if (value === undefined || value.length > VALUE_LENGTH_MAX) return undefined;
  if (typeof value === 'string') return value;
  // A buffer's own decoder is several times as fast for texts as short as these.
  return Buffer.isBuffer(value) ? value.toString('utf8') : lenient.decode(value);
}

function valuesOf(headers: RawHeaders, name: string): HeaderValues {
  if (headers instanceof Map) return (headers as ReadonlyMap<string, HeaderValue>).get(name);
  return Object.hasOwn(headers, name) ? (headers as Readonly<Record<string, HeaderValues>>)[name] : undefined;
}

function isList(value: HeaderValues): value is readonly HeaderValue[] {
  return Array.isArray(value);
}

/** What the headers of one of our records say. */
export interface ReadHeaders {
  readonly type: string;
  readonly version: number;
  readonly envelope: Omit<Envelope, 'key'>;
}

/** The envelope (without its key) and the type, or what is wrong with the headers. */
export function readHeaders(headers: RawHeaders | undefined): ReadHeaders | string {
  if (headers === undefined) return 'the record has no headers';
  const type = headerText(headers, HEADERS.type);
  if (type === undefined) return `the header "${HEADERS.type}" is missing`;
  const versionText = headerText(headers, HEADERS.version);
  if (versionText === undefined || !VERSION.test(versionText)) {
    return `the header "${HEADERS.version}" is missing or not a number`;
  }
  const id = headerText(headers, HEADERS.id);
  if (id === undefined || id === '') return `the header "${HEADERS.id}" is missing`;
  const gateway = headerText(headers, HEADERS.gateway);
  if (gateway === undefined || gateway === '') return `the header "${HEADERS.gateway}" is missing`;
  const actor = headerText(headers, HEADERS.actor);
  if (actor === undefined || actor === '') return `the header "${HEADERS.actor}" is missing`;
  const time = headerText(headers, HEADERS.time);
  if (time === undefined || !isTime(time)) return `the header "${HEADERS.time}" is missing or not a time`;
  const cause = headerText(headers, HEADERS.cause);
  const traceparent = headerText(headers, HEADERS.traceparent);
  return { type, version: Number(versionText), envelope: { id, gateway, actor, time, cause, traceparent } };
}
