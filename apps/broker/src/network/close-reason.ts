/**
 * Why the broker closes a client's connection, as data: each reason is a label of one metric and a word in the log.
 */
export const CLOSE_REASONS = [
  /** The peer closed or reset it, or the network did. */
  'peer',
  'frame-too-large',
  'frame-size-negative',
  'unknown-api',
  'unsupported-version',
  'malformed',
  'frame-timeout',
  /** Nothing asked and nothing outstanding for connections.max.idle.ms. */
  'idle',
  /** Answers are not read. */
  'slow-reader',
  'too-many-connections',
  'too-many-connections-per-ip',
  /** A produce request with acks=0 failed; closing is the only way to say so. */
  'produce-failed',
  /** A bug of ours, met while handling a request. */
  'internal-error',
  'shutdown',
] as const;

export type CloseReason = (typeof CLOSE_REASONS)[number];
