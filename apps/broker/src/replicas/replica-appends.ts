/**
 * What appends of one replica are made with and refused with, made once and not for every append.
 */
import type { AppendOptions, AppendOrigin, AppendResult } from '@tidemark/log';
import type { ErrorCode } from '@tidemark/wire';

export type AppendOptionsByOrigin = Readonly<Record<AppendOrigin, AppendOptions>>;

export function appendOptionsOf(leaderEpoch: number): AppendOptionsByOrigin {
  return {
    client: { origin: 'client', leaderEpoch },
    coordinator: { origin: 'coordinator', leaderEpoch },
    replica: { origin: 'replica', leaderEpoch },
  };
}

export function refusal(error: ErrorCode): AppendResult {
  return {
    error,
    errorMessage: null,
    baseOffset: -1,
    lastOffset: -1,
    logAppendTimeMs: -1,
    duplicate: false,
    recordErrors: [],
  };
}
