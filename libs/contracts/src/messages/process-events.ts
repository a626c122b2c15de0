/**
 * What happened to an experiment's process and its jobs: events on `tidemark.experiments` that only the Application
 * Manager writes. A process is one execution of the application; a job is one attempt to launch it.
 */
import { z } from 'zod';
import { stagedOutputSchema } from './experiment-events.js';
import {
  attemptSchema,
  byteCountSchema,
  detailSchema,
  exitCodeSchema,
  inputNameSchema,
  jobTokenSchema,
  processIndexSchema,
  reasonCodeSchema,
  relativePathSchema,
  sha256Schema,
  timeSchema,
} from './values.js';

export const TASKS = [
  'ENV_SETUP',
  'INPUT_STAGING',
  'JOB_SUBMISSION',
  'MONITORING',
  'OUTPUT_STAGING',
  'ENV_CLEANUP',
] as const;
export type Task = (typeof TASKS)[number];

const ofProcess = { processIndex: processIndexSchema };
const ofJob = { ...ofProcess, attempt: attemptSchema, token: jobTokenSchema };
const replicaSchema = z.string().min(1).max(128);

export const processAcceptedSchema = z.object({ ...ofProcess, owner: replicaSchema });
/** A new owner went on where the former one stopped. */
export const processTakenOverSchema = z.object({ ...ofProcess, from: replicaSchema, to: replicaSchema });
export const processCompletedSchema = z.object({ ...ofProcess });
export const processFailedSchema = z.object({
  ...ofProcess,
  reasonCode: reasonCodeSchema,
  detail: detailSchema.optional(),
});
/** Cancelled while no attempt was alive. */
export const processCanceledSchema = z.object({ ...ofProcess, reasonCode: reasonCodeSchema });

export const taskStartedSchema = z.object({ ...ofProcess, task: z.enum(TASKS) });
export const taskCompletedSchema = z.object({
  ...ofProcess,
  task: z.enum(TASKS),
  durationMs: z.int().min(0).optional(),
});
/** `final` false: it will be tried again. A final failure is followed by ProcessFailed. */
export const taskFailedSchema = z.object({
  ...ofProcess,
  task: z.enum(TASKS),
  error: detailSchema,
  final: z.boolean(),
});
/** `skipped`: the right content was there already. */
export const inputStagedSchema = z.object({
  ...ofProcess,
  name: inputNameSchema.optional(),
  path: relativePathSchema,
  sha256: sha256Schema,
  bytes: byteCountSchema,
  skipped: z.boolean().optional(),
});
export const outputStagedSchema = z.object({ ...ofProcess, ...stagedOutputSchema.shape });

/** Written and read back before anything is launched; `specSha256` is the hash of what will be run. */
export const jobLaunchIntendedSchema = z.object({ ...ofJob, specSha256: sha256Schema });
export const jobSubmittedSchema = z.object({ ...ofJob, externalId: z.string().max(128) });
export const jobSubmissionRejectedSchema = z.object({ ...ofJob, text: detailSchema, retryable: z.boolean() });
/** Nobody knows whether it was launched: the claim will tell. */
export const jobLaunchUnknownSchema = z.object({ ...ofJob, why: detailSchema });
/** The manager took the claim itself: this attempt can never start. */
export const jobAttemptRevokedSchema = z.object({ ...ofJob });
export const jobActivatedSchema = z.object({
  ...ofJob,
  host: z.string().max(256),
  pid: z.int().min(1).optional(),
  startedAt: timeSchema,
});

/** Who ended the job: itself, the wrapper on a cancel request, or the wrapper at the end of the walltime. */
export const EXIT_REASONS = ['EXITED', 'CANCELED', 'WALLTIME'] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

/** The job's exit record, as the wrapper wrote it. `exitCode` is 128 + `signal` when a signal ended it. */
export const jobExitedSchema = z.object({
  ...ofJob,
  exitCode: exitCodeSchema,
  signal: z.int().min(0).max(64),
  reason: z.enum(EXIT_REASONS),
  startedAt: timeSchema,
  endedAt: timeSchema,
  /** Records that justify the verdict, as `topic/partition@offset`. */
  evidence: z.array(z.string().max(300)).max(16),
});
/** Started, gone, and no exit record: positive evidence only, never the mere absence of news. */
export const jobLostSchema = z.object({
  ...ofJob,
  why: detailSchema,
  evidence: z.array(z.string().max(300)).max(16),
});
