/**
 * Deterministic event ids: two owners that react to the same cause in the same way write the same id, so whoever is
 * second changes nothing (DESIGN section 1). Nothing of the writer (its name, clock, attempt counter) goes into it.
 */
import { createHash } from 'node:crypto';

export interface EventIdentity {
  /** The aggregate that the event belongs to, such as an experiment id. */
  readonly aggregate: string;
  /** The event's type name. */
  readonly type: string;
  /** Index of the process within the experiment, where there is one. */
  readonly processIndex?: number;
  /** Launch attempt within the process, where there is one. */
  readonly attempt?: number;
  /** The record that caused the event, as `topic/partition@offset`; for facts from outside, their observation's record. */
  readonly cause: string;
}

/** 32 hexadecimal characters: the first 128 bits of SHA-256 over the unambiguous (length-prefixed) parts. */
export function eventId(identity: EventIdentity): string {
  const hash = createHash('sha256');
  const parts = [
    identity.aggregate,
    identity.type,
    identity.processIndex?.toString() ?? '',
    identity.attempt?.toString() ?? '',
    identity.cause,
  ];
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}

/** The cause made from a record's place. */
export function recordCause(topic: string, partition: number, offset: number): string {
  return `${topic}/${partition}@${offset}`;
}
