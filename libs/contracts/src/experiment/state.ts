/**
 * An experiment's state, as the fold of its history leaves it. Plain JSON (no Map, no Set, no Date), so that a
 * projection can keep it in a row and go on from there. Shared by the Metadata Server, the Application Manager, the
 * API Server and the CLI: all see the same state at the same offset.
 */
import type { ExperimentSpec, StagedOutput } from '../messages/experiment-events.js';
import type { Fault, InputValues } from '../messages/values.js';
import type { ReasonCode } from '../reason-codes.js';
import type { ExperimentStatus, JobStatus, ProcessStatus } from './statuses.js';

export interface JobState {
  attempt: number;
  token: string;
  status: JobStatus;
  specSha256: string;
  intendedAt: string;
  externalId?: string;
  host?: string;
  pid?: number;
  startedAt?: string;
  endedAt?: string;
  exitCode?: number;
  signal?: number;
  reasonCode?: ReasonCode;
}

export interface ProcessState {
  index: number;
  status: ProcessStatus;
  /** The replica that accepted it or took it over last. */
  owner?: string;
  /** In order of attempt; the last one is the present one. */
  jobs: JobState[];
  outputs: StagedOutput[];
  /** Tasks that have completed, in order. */
  tasksCompleted: string[];
  /** Failures of the present task. */
  taskFailures: number;
  reasonCode?: ReasonCode;
  detail?: string;
  /** The record of its first JobActivated: what caused ExperimentExecutionStarted. */
  activatedBy?: string;
  /** The record that ended it: what causes the experiment's end. */
  settledBy?: string;
}

export interface ExperimentState {
  id: string;
  gateway: string;
  owner: string;
  name: string;
  description?: string;
  application: { name: string; version?: string };
  inputs: InputValues;
  walltimeSeconds?: number;
  launch: boolean;
  bodyHash: string;
  status: ExperimentStatus;
  spec?: ExperimentSpec;
  catalogPosition?: string;
  errors: Fault[];
  cancel?: { reason?: string; by: string; record: string };
  processes: ProcessState[];
  reasonCode?: ReasonCode;
  detail?: string;
  exitCode?: number;
  createdAt: string;
  updatedAt: string;
  endedAt?: string;
  /** The record of ExperimentCreated. */
  createdBy: string;
  /** The last record that changed it, as a reference, and as its offset. */
  updatedBy: string;
  revision: number;
  /** Ids of the events folded in. Emptied at the end: a terminal state absorbs everything anyway. */
  seen: string[];
}
