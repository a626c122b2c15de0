/**
 * What to do next for a process: a pure function of the folded state. A step is data; the driver performs it and
 * reports what it found. At replay nobody asks, so nothing happens; a new owner asks after it has folded the history.
 */
import {
  isTerminal,
  isTerminalJob,
  type ExperimentSpec,
  type ExperimentState,
  type JobState,
  type ProcessState,
} from '@tidemark/contracts';
import { unreachable } from '@tidemark/platform';

/** Tries of one task before its failure is final. */
export const TASK_TRIES_MAX = 4;

export type StepName =
  | 'accept' // nobody has it yet: make it ours
  | 'take-over' // another owner had it: say so, then go on
  | 'prepare' // make the job's directory
  | 'stage' // put the application's files and the inputs there, for the attempt that comes next
  | 'reserve' // wait for a slot
  | 'launch' // start the attempt that we have intended
  | 'watch' // learn what became of the attempt, until it has ended
  | 'cancel' // end the attempt, and learn how it ended
  | 'confirm-cancel' // nothing is alive
  | 'collect' // put outputs, stdout and stderr into the content store
  | 'give-up'; // no attempt is left

export interface Step {
  readonly do: StepName;
  readonly experiment: ExperimentState;
  readonly process: ProcessState;
  readonly spec: ExperimentSpec;
  /** The attempt that is alive, where the step is about one. */
  readonly job?: JobState;
  /** The record that made this step plain. */
  readonly cause: string;
  /** Two steps of a process with the same key are the same one: it is not begun twice. */
  readonly key: string;
}

/** Nothing: the process has ended, or somebody else has to do something first. */
export function nextStep(
  experiment: ExperimentState,
  process: ProcessState,
  owner: string,
): Step | undefined {
  const { spec } = experiment;
  if (spec === undefined || isTerminal(experiment.status) || isTerminal(process.status)) return undefined;
  const last = process.jobs.at(-1);
  const job = last !== undefined && !isTerminalJob(last.status) ? last : undefined;
  const name = stepName(process, job, spec, owner);
  const key = [name, process.status, process.jobs.length, job?.status, process.taskFailures].join('/');
  return {
    do: name,
    experiment,
    process,
    spec,
    ...(job === undefined ? {} : { job }),
    cause: experiment.updatedBy,
    key,
  };
}

function stepName(
  process: ProcessState,
  job: JobState | undefined,
  spec: ExperimentSpec,
  owner: string,
): StepName {
  if (process.status === 'CREATED') return 'accept';
  if (process.owner !== owner) return 'take-over';
  switch (process.status) {
    case 'STARTED':
      return 'accept';
    case 'CONFIGURING_WORKSPACE':
      return 'prepare';
    case 'INPUT_DATA_STAGING':
      return process.tasksCompleted.includes('INPUT_STAGING') ? 'reserve' : 'stage';
    case 'REQUEUED':
      return process.jobs.length < spec.attemptsMax ? 'stage' : 'give-up';
    case 'EXECUTING':
      return 'launch';
    case 'MONITORING':
      return 'watch';
    case 'OUTPUT_DATA_STAGING':
      return 'collect';
    case 'CANCELING':
      return job === undefined ? 'confirm-cancel' : 'cancel';
    case 'COMPLETED':
    case 'FAILED':
    case 'CANCELED':
      throw new Error('a process that has ended has no next step');
    default:
      return unreachable(process.status);
  }
}

/** The attempt that staging prepares for. */
export function attemptToStage(process: ProcessState): number {
  return process.jobs.length + 1;
}

/** The log says that this attempt has run; files that say nothing do not undo that. */
export function isKnownStarted(job: JobState): boolean {
  return job.status === 'ACTIVE' || job.startedAt !== undefined;
}
