/**
 * The envelope: how a message lies in a record. The payload is JSON in the value, everything about it is in the
 * headers, the key is the aggregate's id. Pure; every service and the CLI read and write records through it.
 *
 * Reading never throws. A record that cannot be understood comes back as a value saying why, so that its reader can
 * choose: a decider sends it to the dead letters, a projection counts and passes it, nobody stops on it.
 */
import { z } from 'zod';
import {
  isMessageType,
  MESSAGE_TYPES,
  type MessageType,
  type MessageTypeDefinition,
  type Payload,
  type PayloadInput,
  REPLIES,
} from '../messages/message-types.js';
import { QUERIES_TOPIC } from '../topics.js';
import { HEADERS, type RawHeaders, type ReadHeaders, readHeaders } from './headers.js';

export const CONTENT_TYPE = 'application/json';

/** Everything about a message but its content. */
export interface Envelope {
  /** The aggregate's id, or what else the topic is keyed by; empty for queries and replies, which may have none. */
  readonly key: string;
  /** The message's id: of an event, a hash of what caused it (`eventIdOf`). */
  readonly id: string;
  readonly gateway: string;
  /** Who is behind it: a principal, or a service for what it finds out by itself. */
  readonly actor: string;
  /** The record it follows from, as `topic/partition@offset`. */
  readonly cause?: string | undefined;
  /** When it was written: `2026-01-31T12:00:00.000Z`. */
  readonly time: string;
  /** W3C Trace Context. */
  readonly traceparent?: string | undefined;
}

export type MessageOf<Type extends MessageType> = Envelope & {
  readonly type: Type;
  readonly version: number;
  readonly payload: Payload<Type>;
};

/** A message of one of the types, to be told apart by `type`. */
export type Message<Type extends MessageType = MessageType> = { [T in Type]: MessageOf<T> }[Type];

/** A record as a client hands it over. */
export interface RawRecord {
  readonly key: Uint8Array | string | null | undefined;
  readonly value: Uint8Array | string | null | undefined;
  readonly headers?: RawHeaders | undefined;
}

export interface EncodedRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
}

export type Decoded =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'unknown-type'; readonly type: string }
  | { readonly kind: 'newer-version'; readonly type: MessageType; readonly version: number }
  /** A record without a value: its key is deleted (compacted topics). */
  | { readonly kind: 'tombstone'; readonly key: string }
  | { readonly kind: 'malformed'; readonly error: string };

/** Completes and checks a message. Throws a ZodError when the payload breaks its own contract: a bug of the writer. */
export function newMessage<Type extends MessageType>(
  type: Type,
  payload: PayloadInput<Type>,
  envelope: Envelope,
): MessageOf<Type> {
  const definition: MessageTypeDefinition = MESSAGE_TYPES[type];
  return {
    ...envelope,
    type,
    version: definition.version,
    payload: definition.payload.parse(payload) as Payload<Type>,
  };
}

export function encode(message: Message): EncodedRecord {
  const headers: Record<string, string> = {
    [HEADERS.id]: message.id,
    [HEADERS.type]: message.type,
    [HEADERS.version]: String(message.version),
    [HEADERS.gateway]: message.gateway,
    [HEADERS.actor]: message.actor,
    [HEADERS.time]: message.time,
    [HEADERS.contentType]: CONTENT_TYPE,
  };
  if (message.cause !== undefined) headers[HEADERS.cause] = message.cause;
  if (message.traceparent !== undefined) headers[HEADERS.traceparent] = message.traceparent;
  return { key: message.key, value: JSON.stringify(message.payload), headers };
}

/** Topics whose records go to whoever reads them, so that a key means nothing. */
const KEYLESS: ReadonlySet<string> = new Set([QUERIES_TOPIC, REPLIES]);

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array | string): string | undefined {
  if (typeof bytes === 'string') return bytes;
  if (bytes.length === 0) return '';
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const malformed = (error: string): Decoded => ({ kind: 'malformed', error });

export function decode(record: RawRecord): Decoded {
  const key = textOf(record.key ?? '');
  if (key === undefined) return malformed('the key is not text');
  if (record.value === null || record.value === undefined) return { kind: 'tombstone', key };
  const headers = readHeaders(record.headers);
  if (typeof headers === 'string') return malformed(headers);
  const { type, version } = headers;
  if (!isMessageType(type)) return { kind: 'unknown-type', type };
  const definition: MessageTypeDefinition = MESSAGE_TYPES[type];
  if (version > definition.version) return { kind: 'newer-version', type, version };
  if (key === '' && !KEYLESS.has(definition.topic)) return malformed('the record has no key');
  const text = textOf(record.value);
  const parsed = text === undefined ? undefined : parseJson(text);
  if (parsed === undefined) return malformed('the value is not JSON');
  const payload = definition.payload.safeParse(upcast(definition, version, parsed.value));
  if (!payload.success) {
    return malformed(`${type}: ${z.prettifyError(payload.error).replaceAll('\n', ' ').slice(0, 1000)}`);
  }
  return { kind: 'message', message: assemble(headers, key, payload.data) };
}

/** Written out member by member: a spread here costs as much as all the rest of reading. */
function assemble({ type, envelope }: ReadHeaders, key: string, payload: unknown): Message {
  const { id, gateway, actor, time, cause, traceparent } = envelope;
  const { version } = MESSAGE_TYPES[type as MessageType];
  const message: Record<string, unknown> = { key, id, gateway, actor, time, type, version, payload };
  if (cause !== undefined) message.cause = cause;
  if (traceparent !== undefined) message.traceparent = traceparent;
  return message as unknown as Message;
}

/** Brings a payload of an older version to the present one, a version at a time. */
export function upcast(
  definition: Pick<MessageTypeDefinition, 'version' | 'upcasters'>,
  version: number,
  payload: unknown,
): unknown {
  let current = payload;
  for (let from = version; from < definition.version; from += 1) {
    current = definition.upcasters?.[from]?.(current);
  }
  return current;
}
