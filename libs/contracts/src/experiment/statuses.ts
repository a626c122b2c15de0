/**
 * The states of an experiment, of its process and of a job (one launch attempt), with Airavata's names. Terminal
 * states absorb: nothing that comes later changes them.
 */

export const EXPERIMENT_STATUSES = [
  'CREATED',
  'VALIDATED',
  'LAUNCHED',
  'EXECUTING',
  'CANCELING',
  'COMPLETED',
  'FAILED',
  'CANCELED',
] as const;
export type ExperimentStatus = (typeof EXPERIMENT_STATUSES)[number];

export const PROCESS_STATUSES = [
  'CREATED',
  'STARTED',
  'CONFIGURING_WORKSPACE',
  'INPUT_DATA_STAGING',
  'EXECUTING',
  'MONITORING',
  'OUTPUT_DATA_STAGING',
  'REQUEUED',
  'CANCELING',
  'COMPLETED',
  'FAILED',
  'CANCELED',
] as const;
export type ProcessStatus = (typeof PROCESS_STATUSES)[number];

export const JOB_STATUSES = [
  'INTENDED',
  'LAUNCH_UNKNOWN',
  'SUBMITTED',
  'ACTIVE',
  'COMPLETE',
  'FAILED',
  'CANCELED',
  'REVOKED',
  'LOST',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const TERMINAL_STATUSES = ['COMPLETED', 'FAILED', 'CANCELED'] as const;
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

export const TERMINAL_JOB_STATUSES = ['COMPLETE', 'FAILED', 'CANCELED', 'REVOKED', 'LOST'] as const;
export type TerminalJobStatus = (typeof TERMINAL_JOB_STATUSES)[number];

const terminal: ReadonlySet<string> = new Set(TERMINAL_STATUSES);
const terminalJob: ReadonlySet<string> = new Set(TERMINAL_JOB_STATUSES);

/** Of an experiment or a process. */
export function isTerminal(status: ExperimentStatus | ProcessStatus): status is TerminalStatus {
  return terminal.has(status);
}

export function isTerminalJob(status: JobStatus): status is TerminalJobStatus {
  return terminalJob.has(status);
}
