/**
 * What an append answers. One object per log is reused for every append, so that the hot path makes no garbage:
 * read it before the next append to the same log.
 */

import type { ErrorCode } from '@tidemark/wire';

export interface AppendResult {
  /** `ErrorCode.NONE`, or the answer to the producer; then nothing was appended. */
  error: ErrorCode;
  /** For people, when there is more to say than the code does. */
  errorMessage: string | null;
  /** Of a duplicate: the offsets of the original. -1 on error. */
  baseOffset: number;
  /** The last record's offset. A batch is acknowledged when the log is committed beyond it. */
  lastOffset: number;
  /** -1 unless the topic is stamped by the broker. */
  logAppendTimeMs: number;
  /** The very batch was appended before (idempotent producer); nothing was appended now. */
  duplicate: boolean;
  /** Indexes of the records at fault, when single records are (KIP-467). */
  recordErrors: readonly number[];
}

/** Who appends: a client (all checks), a coordinator of this broker, or a follower copying its leader. */
export type AppendOrigin = 'client' | 'coordinator' | 'replica';

/** Kept by the caller and passed again and again, rather than made for every append. */
export interface AppendOptions {
  readonly origin: AppendOrigin;
  /** Stamped into each batch; a replica keeps the batch's own. */
  readonly leaderEpoch: number;
}
