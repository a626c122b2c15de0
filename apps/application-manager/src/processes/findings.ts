/**
 * What the driver finds out by performing a step, as the commands that the process decider decides on. Each was written
 * to `tidemark.observations` first; `cause` is that record, so that whoever tells the same finding again writes the same
 * events again. A finding is a fact, not a wish: what follows from it is the decider's business.
 */
import type { Payload, ReasonCode, StagedOutput, Task } from '@tidemark/contracts';

export interface StagedInput {
  /** The input's name; left out for a file of the application. */
  readonly name?: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface StartFinding {
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
}

export type ExitFinding = Pick<
  Payload<'JobExited'>,
  'exitCode' | 'signal' | 'reason' | 'startedAt' | 'endedAt'
>;

/** `outputs`: stdout and stderr, already stored, where the end of the job is the end of the process (cancel). */
interface Ended {
  readonly attempt: number;
  readonly start?: StartFinding | undefined;
  readonly outputs?: readonly StagedOutput[] | undefined;
}

export type Finding =
  | { readonly type: 'launched' }
  | { readonly type: 'owned'; readonly owner: string }
  | { readonly type: 'prepared'; readonly durationMs: number }
  | {
      readonly type: 'staged';
      readonly attempt: number;
      readonly specSha256: string;
      readonly files: readonly StagedInput[];
      /** There was a slot at once; without it the attempt waits, and may wait long. */
      readonly slot: boolean;
      readonly durationMs: number;
    }
  | { readonly type: 'slot-taken'; readonly attempt: number; readonly specSha256: string }
  | { readonly type: 'task-failed'; readonly task: Task; readonly error: string; readonly retryable: boolean }
  | { readonly type: 'submitted'; readonly attempt: number; readonly externalId: string }
  | {
      readonly type: 'rejected';
      readonly attempt: number;
      readonly text: string;
      readonly retryable: boolean;
    }
  | { readonly type: 'launch-unknown'; readonly attempt: number; readonly why: string }
  | { readonly type: 'revoked'; readonly attempt: number }
  | { readonly type: 'started'; readonly attempt: number; readonly start: StartFinding }
  | ({ readonly type: 'exited'; readonly exit: ExitFinding } & Ended)
  | ({ readonly type: 'lost'; readonly why: string } & Ended)
  | {
      readonly type: 'collected';
      readonly outputs: readonly StagedOutput[];
      /** Required outputs that are not there, and what else is wrong with outputs. */
      readonly missing: readonly string[];
      readonly faults: readonly string[];
      readonly durationMs: number;
    }
  | { readonly type: 'attempts-spent'; readonly reasonCode: ReasonCode; readonly detail: string }
  | { readonly type: 'nothing-alive' };

export interface ProcessCommand {
  readonly experimentId: string;
  readonly processIndex: number;
  /** This ownership, as events name it: `replica/incarnation`. */
  readonly owner: string;
  /** The record of the observation, or of the event that made the next step plain. */
  readonly cause: string;
  /** `2026-01-31T12:00:00.000Z` */
  readonly time: string;
  readonly finding: Finding;
}
