/**
 * What an exit record means. Success needs a record written by the job's wrapper that says: ended by itself, with 0.
 * Everything else has a reason.
 */
import type { Payload } from '../messages/message-types.js';
import type { ReasonCode } from '../reason-codes.js';
import type { TerminalJobStatus } from './statuses.js';

type Exit = Pick<Payload<'JobExited'>, 'exitCode' | 'signal' | 'reason'>;

export interface Verdict {
  readonly status: TerminalJobStatus;
  readonly reasonCode: ReasonCode;
}

export function isCleanExit(exit: Exit): boolean {
  return exit.reason === 'EXITED' && exit.exitCode === 0 && exit.signal === 0;
}

/** `cancelRequested`: whether a user had asked for the end before the exit was recorded. */
export function exitVerdict(exit: Exit, cancelRequested: boolean): Verdict {
  if (isCleanExit(exit)) return { status: 'COMPLETE', reasonCode: 'OK' };
  if (exit.reason === 'WALLTIME') return { status: 'FAILED', reasonCode: 'WALLTIME' };
  if (exit.reason === 'CANCELED') {
    return { status: 'CANCELED', reasonCode: cancelRequested ? 'CANCELED_BY_USER' : 'CANCELED_EXTERNALLY' };
  }
  return { status: 'FAILED', reasonCode: exit.signal > 0 ? 'APP_SIGNALED' : 'APP_EXIT_NONZERO' };
}
