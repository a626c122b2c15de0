/**
 * Decides what follows from a finding about a process: which events, in one batch. Pure. A finding that the state does
 * not wait for (any more) gets no events and the reply `stale`: another owner, a cancel or an earlier telling of the same
 * finding was first. Whether an event counts in the end is settled by the fold, not here.
 */
import {
  isTerminal,
  isTerminalJob,
  jobTokenOf,
  REASON_CODES,
  type ExperimentState,
  type JobState,
  type ProcessState,
} from '@tidemark/contracts';
import type { Decider, Decision } from '@tidemark/decider';
import { unreachable } from '@tidemark/platform';
import { decideEnd } from './decide-end.js';
import type { Finding, ProcessCommand } from './findings.js';
import { evolveHistory, initialState, type HistoryEvent, type PartitionState } from './history.js';
import { attemptToStage, TASK_TRIES_MAX } from './next-step.js';
import { clip, ProcessEvents } from './process-events.js';

export type ProcessReply = 'decided' | 'stale';
export type ProcessDecision = Decision<HistoryEvent, ProcessReply, never>;

/** A finding with the state that it meets. */
export interface Case<F extends Finding = Finding> {
  readonly experiment: ExperimentState;
  readonly process: ProcessState;
  readonly finding: F;
  readonly command: ProcessCommand;
  readonly events: ProcessEvents;
}

export const processDecider: Decider<PartitionState, ProcessCommand, HistoryEvent, ProcessReply, never> = {
  initial: initialState,
  evolve: evolveHistory,
  decide(state, command): ProcessDecision {
    const experiment = state.experiments.get(command.experimentId);
    const process = experiment?.processes[command.processIndex];
    if (experiment === undefined || process === undefined) return { events: [], reply: 'stale' };
    if (isTerminal(experiment.status) || isTerminal(process.status)) return { events: [], reply: 'stale' };
    const events = new ProcessEvents(experiment, command);
    decideFinding({ experiment, process, finding: command.finding, command, events });
    return { events: events.list, reply: events.list.length > 0 ? 'decided' : 'stale' };
  },
};

function decideFinding(it: Case): void {
  const { finding, process, events } = it;
  const live = liveJob(process);
  switch (finding.type) {
    case 'launched':
      decideAccept(it);
      return;
    case 'owned':
      decideTakeOver(it, finding.owner);
      return;
    case 'prepared':
      if (process.status !== 'CONFIGURING_WORKSPACE') return;
      events.add('TaskCompleted', { task: 'ENV_SETUP', durationMs: finding.durationMs }, 'ENV_SETUP');
      events.add('TaskStarted', { task: 'INPUT_STAGING' }, 'INPUT_STAGING');
      return;
    case 'staged':
      decideStaged({ ...it, finding });
      return;
    case 'slot-taken':
      if (process.status === 'INPUT_DATA_STAGING') intend(it, finding.attempt, finding.specSha256);
      return;
    case 'task-failed':
      decideTaskFailed({ ...it, finding });
      return;
    case 'submitted':
    case 'rejected':
    case 'launch-unknown':
    case 'revoked':
    case 'started':
      if (live?.attempt === finding.attempt) decideAttempt(it, live);
      return;
    case 'exited':
    case 'lost':
      if (live?.attempt === finding.attempt) decideEnd({ ...it, finding }, live);
      return;
    case 'collected':
      decideCollected({ ...it, finding });
      return;
    case 'attempts-spent':
      if (process.status !== 'REQUEUED') return;
      events.add('ProcessFailed', { reasonCode: finding.reasonCode, detail: finding.detail });
      return;
    case 'nothing-alive':
      if (process.status !== 'CANCELING' || live !== undefined) return;
      events.add('ProcessCanceled', { reasonCode: 'CANCELED_BY_USER' });
      return;
    default:
      return unreachable(finding);
  }
}

/** The attempt that has not ended, if there is one. */
export function liveJob(process: ProcessState): JobState | undefined {
  const job = process.jobs.at(-1);
  return job === undefined || isTerminalJob(job.status) ? undefined : job;
}

function decideAccept({ process, command, events }: Case): void {
  if (process.status === 'CREATED') events.add('ProcessAccepted', { owner: command.owner });
  else if (process.status !== 'STARTED') return;
  events.add('TaskStarted', { task: 'ENV_SETUP' }, 'ENV_SETUP');
}

/** An intent of the former owner may have been carried out or not: from now on its claim has to tell. */
function decideTakeOver({ process, events }: Case, owner: string): void {
  if (process.owner === undefined || process.owner === owner) return;
  events.add('ProcessTakenOver', { from: process.owner, to: owner });
  const job = liveJob(process);
  if (job?.status !== 'INTENDED' || process.status !== 'EXECUTING') return;
  const why = `its owner ${process.owner} is gone and did not say whether it was launched`;
  events.add('JobLaunchUnknown', { attempt: job.attempt, token: job.token, why });
}

function decideStaged(it: Case<Finding & { type: 'staged' }>): void {
  const { process, finding, events } = it;
  const attempt = attemptToStage(process);
  const first = process.status === 'INPUT_DATA_STAGING';
  if (finding.attempt !== attempt || (!first && process.status !== 'REQUEUED')) return;
  if (first) {
    if (process.tasksCompleted.includes('INPUT_STAGING')) return;
    for (const file of finding.files) events.add('InputStaged', file, file.path);
    events.add('TaskCompleted', { task: 'INPUT_STAGING', durationMs: finding.durationMs }, 'INPUT_STAGING');
  }
  events.add('TaskStarted', { task: 'JOB_SUBMISSION' }, `JOB_SUBMISSION/${attempt}`);
  if (finding.slot) intend(it, attempt, finding.specSha256);
}

/** Only with a slot: what is intended is launched at once, and its owner's death in between costs an attempt. */
function intend({ experiment, process, events }: Case, attempt: number, specSha256: string): void {
  if (attempt !== attemptToStage(process)) return;
  const token = jobTokenOf(experiment.id, process.index, attempt);
  events.add('JobLaunchIntended', { attempt, token, specSha256 });
}

/** States in which each task may fail; a failure that comes later is about something that was got over. */
const FAILING_IN = {
  CONFIGURING_WORKSPACE: 'STAGING_IN_FAILED',
  INPUT_DATA_STAGING: 'STAGING_IN_FAILED',
  REQUEUED: 'STAGING_IN_FAILED',
  OUTPUT_DATA_STAGING: 'STAGING_OUT_FAILED',
} as const;

function decideTaskFailed({ process, finding, events }: Case<Finding & { type: 'task-failed' }>): void {
  if (!Object.hasOwn(FAILING_IN, process.status)) return;
  const job = process.jobs.at(-1);
  // Why the job failed is told rather than that its output could not be kept.
  const failed = process.status === 'OUTPUT_DATA_STAGING' && job?.status !== 'COMPLETE';
  const reasonCode =
    (failed ? process.reasonCode : undefined) ?? FAILING_IN[process.status as keyof typeof FAILING_IN];
  const final = !finding.retryable || process.taskFailures + 1 >= TASK_TRIES_MAX;
  events.add('TaskFailed', { task: finding.task, error: finding.error, final }, finding.task);
  if (final) events.add('ProcessFailed', { reasonCode, detail: finding.error });
}

function decideAttempt({ process, finding, events }: Case, job: JobState): void {
  const { attempt, token } = job;
  const isNew = job.status === 'INTENDED' || job.status === 'LAUNCH_UNKNOWN';
  switch (finding.type) {
    case 'submitted':
      if (!isNew) return;
      events.add('JobSubmitted', { attempt, token, externalId: finding.externalId });
      events.add('TaskCompleted', { task: 'JOB_SUBMISSION' }, `JOB_SUBMISSION/${attempt}`);
      events.add('TaskStarted', { task: 'MONITORING' }, `MONITORING/${attempt}`);
      return;
    case 'rejected':
      if (!isNew) return;
      events.add('JobSubmissionRejected', {
        attempt,
        token,
        text: finding.text,
        retryable: finding.retryable,
      });
      return;
    case 'launch-unknown':
      if (job.status === 'INTENDED') events.add('JobLaunchUnknown', { attempt, token, why: finding.why });
      return;
    case 'revoked':
      if (job.status !== 'ACTIVE') events.add('JobAttemptRevoked', { attempt, token });
      return;
    case 'started':
      if (job.status !== 'ACTIVE' && process.status !== 'OUTPUT_DATA_STAGING')
        events.add('JobActivated', { attempt, token, ...finding.start });
      return;
    default:
      return;
  }
}

function decideCollected({ process, finding, events }: Case<Finding & { type: 'collected' }>): void {
  if (process.status !== 'OUTPUT_DATA_STAGING') return;
  const stored = new Set(process.outputs.map((output) => `${output.role}/${output.path}`));
  for (const output of finding.outputs) {
    const place = `${output.role}/${output.path}`;
    if (!stored.has(place)) events.add('OutputStaged', output, place);
  }
  const { durationMs, missing, faults } = finding;
  events.add('TaskCompleted', { task: 'OUTPUT_STAGING', durationMs }, 'OUTPUT_STAGING');
  const job = process.jobs.at(-1);
  if (job?.status !== 'COMPLETE') {
    const reasonCode = process.reasonCode ?? 'LOST';
    events.add('ProcessFailed', {
      reasonCode,
      detail: describeFailure(job, REASON_CODES[reasonCode].meaning),
    });
  } else if (missing.length > 0) {
    events.add('ProcessFailed', { reasonCode: 'OUTPUT_MISSING', detail: clip(missing.join('; ')) });
  } else if (faults.length > 0) {
    events.add('ProcessFailed', { reasonCode: 'STAGING_OUT_FAILED', detail: clip(faults.join('; ')) });
  } else {
    events.add('ProcessCompleted', {});
  }
}

function describeFailure(job: JobState | undefined, meaning: string): string {
  if (job?.exitCode === undefined) return meaning;
  const signal = job.signal === undefined || job.signal === 0 ? '' : ` (signal ${job.signal})`;
  return `${meaning}: exit code ${job.exitCode}${signal}`;
}
