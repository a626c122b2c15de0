/**
 * The state table of a job, one attempt to launch a process. JobExited and JobLost are accepted from every state that
 * is not terminal, because after a take-over the first thing known of an attempt may be its exit record; where they
 * lead to is in verdict.ts.
 */
import type { ProcessEventType } from '../messages/message-types.js';
import type { JobStatus } from './statuses.js';
import { type Cell, REFUSED, type Row, STAY } from './table.js';

export const JOB_COLUMNS = ['INTENDED', 'LAUNCH_UNKNOWN', 'SUBMITTED', 'ACTIVE'] as const;
export type ActiveJobStatus = (typeof JOB_COLUMNS)[number];

/** Events about one attempt, but the one that makes it (JobLaunchIntended). */
export type JobEventType = Extract<
  ProcessEventType,
  | 'JobSubmitted'
  | 'JobSubmissionRejected'
  | 'JobLaunchUnknown'
  | 'JobAttemptRevoked'
  | 'JobActivated'
  | 'JobExited'
  | 'JobLost'
>;

/** The next state is in the exit record: `exitVerdict`. */
export const BY_VERDICT = 'by-verdict';
type JobCell = Cell<JobStatus> | typeof BY_VERDICT;

const no = REFUSED;

// prettier-ignore
export const JOB_TABLE: Readonly<Record<JobEventType, Row<typeof JOB_COLUMNS, JobCell>>> = {
  //                      INTENDED          LAUNCH_UNKNOWN SUBMITTED   ACTIVE
  JobSubmitted:          ['SUBMITTED',      'SUBMITTED',   no,         no],
  JobSubmissionRejected: ['FAILED',         'FAILED',      no,         no],
  JobLaunchUnknown:      ['LAUNCH_UNKNOWN', no,            no,         no],
  JobAttemptRevoked:     ['REVOKED',        'REVOKED',     'REVOKED',  no],
  JobActivated:          ['ACTIVE',         'ACTIVE',      'ACTIVE',   STAY],
  JobExited:             [BY_VERDICT,       BY_VERDICT,    BY_VERDICT, BY_VERDICT],
  JobLost:               ['LOST',           'LOST',        'LOST',     'LOST'],
};

export function isJobEventType(type: ProcessEventType): type is JobEventType {
  return Object.hasOwn(JOB_TABLE, type);
}

export function nextJobStatus(status: ActiveJobStatus, event: JobEventType): JobCell {
  return JOB_TABLE[event][JOB_COLUMNS.indexOf(status)] ?? REFUSED;
}
