/**
 * Ids. Those that must come out the same again (a repeated request, a redelivered record, a successor's second
 * try) are hashes of what they stand for; the rest are random. Written in Crockford's base 32, lower case, 26
 * characters = 130 bits, so that they fit a Slurm job name and a file name and survive being read aloud.
 */
import { createHash } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 26;
const LETTERS = `[${ALPHABET}]{${LENGTH}}`;

export const EXPERIMENT_ID_PATTERN = new RegExp(`^exp_${LETTERS}$`);
export const DATA_PRODUCT_ID_PATTERN = new RegExp(`^dp_${LETTERS}$`);
export const JOB_TOKEN_PATTERN = new RegExp(`^job-${LETTERS}-[0-9]{1,6}-[0-9]{1,4}$`);
export const SHA256_PATTERN = /^[0-9a-f]{64}$/;

/** The first 130 bits of `bytes`, five at a time. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5 && text.length < LENGTH) {
      bits -= 5;
      text += ALPHABET.charAt((pending >>> bits) & 31);
    }
  }
  if (text.length < LENGTH) throw new RangeError(`an id needs ${Math.ceil((LENGTH * 5) / 8)} bytes`);
  return text;
}

/** The parts are separated by a character that none of them can hold, so that no two lists of parts collide. */
function hashOf(parts: readonly string[]): string {
  return base32(createHash('sha256').update(parts.join('\u0000')).digest());
}

/** The experiment that an Idempotency-Key stands for: the same caller, route and key name the same experiment. */
export function experimentIdOf(request: {
  readonly gateway: string;
  readonly actor: string;
  readonly route: string;
  readonly idempotencyKey: string;
}): string {
  return `exp_${hashOf([request.gateway, request.actor, request.route, request.idempotencyKey])}`;
}

/** For a request without a key; `bytes` are at least 17 random ones. */
export function experimentIdFromBytes(bytes: Uint8Array): string {
  return `exp_${base32(bytes)}`;
}

/** A random id of 26 characters (commands, queries, correlation ids); `bytes` are at least 17 random ones. */
export function messageIdFromBytes(bytes: Uint8Array): string {
  return base32(bytes);
}

export function processIdOf(experimentId: string, processIndex: number): string {
  return `${experimentId}.${processIndex}`;
}

/** Depends on nothing else, so that a zombie and its successor meet at the same claim. Attempts count from 1. */
export function jobTokenOf(experimentId: string, processIndex: number, attempt: number): string {
  return `job-${experimentId.slice('exp_'.length)}-${processIndex}-${attempt}`;
}

/** The same bytes under the same name, owned by the same experiment (or uploaded: none), are the same product. */
export function dataProductIdOf(product: {
  readonly gateway: string;
  readonly experimentId?: string | undefined;
  readonly name: string;
  readonly sha256: string;
}): string {
  return `dp_${hashOf([product.gateway, product.experimentId ?? '', product.name, product.sha256])}`;
}

/**
 * An event's id follows from what caused it: a record `topic/partition@offset`, its own or the observation's.
 * `discriminator` tells events of one type and cause apart (the name of a staged file, of a task).
 */
export function eventIdOf(event: {
  readonly aggregate: string;
  readonly type: string;
  readonly processIndex?: number | undefined;
  readonly attempt?: number | undefined;
  readonly cause: string;
  readonly discriminator?: string | undefined;
}): string {
  return hashOf([
    event.aggregate,
    event.type,
    event.processIndex?.toString() ?? '',
    event.attempt?.toString() ?? '',
    event.cause,
    event.discriminator ?? '',
  ]);
}
