/**
 * The part of the fold that concerns one process and its jobs. Nothing is changed until both tables, the process's
 * and the job's, have allowed the event.
 */
import type { Message } from '../envelope/envelope.js';
import type { ProcessEventType } from '../messages/message-types.js';
import { BY_VERDICT, isJobEventType, type JobEventType, nextJobStatus } from './job-table.js';
import { nextProcessStatus, processFactOf } from './process-table.js';
import type { JobState, ProcessState } from './state.js';
import { isTerminal, isTerminalJob, type JobStatus } from './statuses.js';
import { REFUSED, STAY } from './table.js';
import { exitVerdict } from './verdict.js';

/** False: not allowed, and nothing was changed. */
export function applyProcessEvent(
  process: ProcessState,
  message: Message<ProcessEventType>,
  reference: string,
  cancelRequested: boolean,
): boolean {
  if (isTerminal(process.status)) return false;
  const next = nextProcessStatus(process.status, processFactOf(message));
  if (next === REFUSED) return false;
  if (message.type === 'JobLaunchIntended') {
    if (!intendJob(process, message)) return false;
  } else if (isJobMessage(message)) {
    if (!applyToJob(process, message, reference, cancelRequested)) return false;
  }
  if (next !== STAY) process.status = next;
  takeOver(process, message);
  if (isTerminal(process.status)) process.settledBy = reference;
  return true;
}

/** A cancel request reaches every process that has not ended. */
export function cancelProcess(process: ProcessState, reference: string): void {
  if (isTerminal(process.status)) return;
  const next = nextProcessStatus(process.status, 'ExperimentCancelRequested');
  if (next === REFUSED || next === STAY) return;
  process.status = next;
  if (isTerminal(next)) {
    process.reasonCode = 'CANCELED_BY_USER';
    process.settledBy = reference;
  }
}

function isJobMessage(message: Message<ProcessEventType>): message is Message<JobEventType> {
  return isJobEventType(message.type);
}

/** At most one attempt is alive, and attempts are numbered without gaps. */
function intendJob(process: ProcessState, message: Message<'JobLaunchIntended'>): boolean {
  const { attempt, token, specSha256 } = message.payload;
  const last = process.jobs.at(-1);
  if (attempt !== process.jobs.length + 1) return false;
  if (last !== undefined && !isTerminalJob(last.status)) return false;
  process.jobs.push({ attempt, token, status: 'INTENDED', specSha256, intendedAt: message.time });
  return true;
}

/** Only the present attempt can be spoken of. */
function applyToJob(
  process: ProcessState,
  message: Message<JobEventType>,
  reference: string,
  cancelRequested: boolean,
): boolean {
  const job = process.jobs.at(-1);
  const { attempt, token } = message.payload;
  if (job?.attempt !== attempt || job.token !== token || isTerminalJob(job.status)) return false;
  const next = nextJobStatus(job.status, message.type);
  if (next === REFUSED) return false;
  noteInJob(job, message, cancelRequested);
  if (next !== STAY && next !== BY_VERDICT) job.status = next satisfies JobStatus;
  if (message.type === 'JobActivated') process.activatedBy ??= reference;
  if (message.type === 'JobExited' || message.type === 'JobLost') {
    process.reasonCode = job.reasonCode ?? 'LOST';
  }
  if (message.type === 'JobSubmissionRejected') {
    process.reasonCode = 'LAUNCH_REJECTED';
    process.detail = message.payload.text;
  }
  if (message.type === 'JobAttemptRevoked') process.reasonCode = 'LAUNCH_NEVER_RAN';
  return true;
}

function noteInJob(job: JobState, message: Message<JobEventType>, cancelRequested: boolean): void {
  switch (message.type) {
    case 'JobSubmitted':
      job.externalId = message.payload.externalId;
      return;
    case 'JobActivated':
      job.host = message.payload.host;
      job.startedAt = message.payload.startedAt;
      if (message.payload.pid !== undefined) job.pid = message.payload.pid;
      return;
    case 'JobExited': {
      const verdict = exitVerdict(message.payload, cancelRequested);
      job.status = verdict.status;
      job.reasonCode = verdict.reasonCode;
      job.exitCode = message.payload.exitCode;
      job.signal = message.payload.signal;
      job.startedAt = message.payload.startedAt;
      job.endedAt = message.payload.endedAt;
      return;
    }
    case 'JobLost':
      job.reasonCode = 'LOST';
      job.endedAt = message.time;
      return;
    case 'JobSubmissionRejected':
      job.reasonCode = 'LAUNCH_REJECTED';
      return;
    case 'JobAttemptRevoked':
      job.reasonCode = 'LAUNCH_NEVER_RAN';
      return;
    case 'JobLaunchUnknown':
      return;
  }
}

/** What the event says about the process beyond its next state. */
function takeOver(process: ProcessState, message: Message<ProcessEventType>): void {
  if (process.status === 'CANCELED') process.reasonCode = 'CANCELED_BY_USER';
  switch (message.type) {
    case 'ProcessAccepted':
      process.owner = message.payload.owner;
      return;
    case 'ProcessTakenOver':
      process.owner = message.payload.to;
      return;
    case 'TaskStarted':
      process.taskFailures = 0;
      return;
    case 'TaskCompleted':
      process.tasksCompleted.push(message.payload.task);
      process.taskFailures = 0;
      return;
    case 'TaskFailed':
      process.taskFailures += 1;
      process.detail = message.payload.error;
      return;
    case 'OutputStaged': {
      const { processIndex: _, ...output } = message.payload;
      process.outputs.push(output);
      return;
    }
    case 'ProcessCompleted':
      process.reasonCode = 'OK';
      delete process.detail;
      return;
    case 'ProcessFailed':
      if (process.status !== 'FAILED') return;
      process.reasonCode = message.payload.reasonCode;
      if (message.payload.detail !== undefined) process.detail = message.payload.detail;
      return;
    case 'ProcessCanceled':
      process.reasonCode = message.payload.reasonCode;
      return;
    default:
      return;
  }
}
