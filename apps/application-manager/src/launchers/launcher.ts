/**
 * How jobs are started, found, judged and ended on a kind of compute resource. `fork-launcher.ts` starts them on
 * the machine behind a transport; one for a batch scheduler can stand beside it. Nobody above this interface
 * knows which it is. A launcher keeps nothing that would be missed after a crash: what counts is in the job's files.
 */
import type { Evidence } from '../jobs/verdict.js';

export interface JobRequest {
  /** f(experimentId, process index, attempt): equal tokens are the same attempt, whoever submits them. */
  readonly token: string;
  /** Program and arguments, passed on as they are; no shell reads them. */
  readonly argv: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds; 0 is unbounded. */
  readonly walltimeS: number;
}

export interface ObservedJob {
  readonly token: string;
  /** The log has an event that says it was started. */
  readonly knownStarted: boolean;
}

/** `unknown`: it may have been started; only the job's files can tell. */
export type Submission =
  | { readonly kind: 'accepted'; readonly externalId: string }
  | { readonly kind: 'rejected'; readonly retryable: boolean; readonly text: string }
  | { readonly kind: 'unknown'; readonly why: string };

export type Cancellation =
  | 'asked' // it lives and has been told; watch it for the exit record
  | 'revoked' // it had not begun and never will
  | 'over' // there was nothing to stop any more
  | 'unreachable';

export interface Launcher {
  /** Makes the job's directory with the folder for the wrapper's files. Repeating it changes nothing. */
  prepare(token: string): Promise<void>;
  submit(request: JobRequest): Promise<Submission>;
  /** The ids under which the resource knows this token, newest last; none when it does not. */
  find(token: string): Promise<readonly string[]>;
  /** Evidence about many attempts in one go, in the order asked. */
  observe(jobs: readonly ObservedJob[]): Promise<readonly Evidence[]>;
  /** Takes the right to run for `replica`. False when somebody has it already. */
  revoke(token: string, replica: string): Promise<boolean>;
  cancel(job: ObservedJob, replica: string): Promise<Cancellation>;
  /** Ends what is left of a job whose wrapper died. True when nothing is left. */
  reap(token: string): Promise<boolean>;
  /** The job is gone without an exit record: from now on it counts as over for everybody who looks at its files. */
  markLost(token: string): Promise<void>;
  /** Copies of this attempt that came second and left. 0 in normal life. */
  countDuplicates(token: string): Promise<number>;
  /** Calls back, once, soon after the job may have ended; `observe` then says whether it has. */
  onEnded(token: string, ended: () => void): void;
}
