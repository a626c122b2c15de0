/**
 * Raw facts from outside, on `tidemark.observations`, and the live output of jobs, on `tidemark.output`. Written by
 * the Application Manager before it draws any conclusion, so that a wrong conclusion can be found and corrected.
 */
import { z } from 'zod';
import { attemptSchema, detailSchema, jobTokenSchema, processIndexSchema, timeSchema } from './values.js';

const ofJob = { processIndex: processIndexSchema, attempt: attemptSchema, token: jobTokenSchema };

/** What the scheduler, or for fork the operating system, said of a job; `raw` as it was said. */
export const schedulerObservedSchema = z.object({ ...ofJob, source: z.string().max(64), raw: detailSchema });
/** The exit record (`exit.json`) as it was found. */
export const exitRecordObservedSchema = z.object({
  ...ofJob,
  record: detailSchema,
  modifiedAt: timeSchema.optional(),
});
/** The start record (`started.json`) as it was found. */
export const startRecordObservedSchema = z.object({ ...ofJob, record: detailSchema });
/** A replica became the owner of the partition that holds the experiment. */
export const ownershipObservedSchema = z.object({
  processIndex: processIndexSchema,
  owner: z.string().max(128),
  previous: z.string().max(128).optional(),
});
/** An effect on files ended (staging, clean-up), or a timer ran out. */
export const effectObservedSchema = z.object({
  processIndex: processIndexSchema,
  attempt: attemptSchema.optional(),
  effect: z.string().max(64),
  raw: detailSchema,
});

export const OUTPUT_STREAMS = ['stdout', 'stderr'] as const;
export type OutputStream = (typeof OUTPUT_STREAMS)[number];
/** Bytes of output in one record, at most. */
export const OUTPUT_CHUNK_BYTES_MAX = 65_536;

/** `offset` is where the chunk begins in the stream; readers drop what they have seen. */
export const outputChunkSchema = z.object({
  ...ofJob,
  stream: z.enum(OUTPUT_STREAMS),
  offset: z.int().min(0),
  /** Base 64. */
  bytes: z.string().max(Math.ceil(OUTPUT_CHUNK_BYTES_MAX / 3) * 4),
});
