/**
 * The records that the wrapper leaves in `<jobs>/<token>/.tidemark-job/`, as schemas. They were written by a shell
 * script next to a program that is not ours, so nothing in them is believed before it fits.
 */
import { z } from 'zod';

export const JOB_FILES = '.tidemark-job';

/** Names within `JOB_FILES`; the wrapper's header says who writes them, when and in which order. */
export const JOB_FILE_NAMES = {
  claim: 'claim',
  owner: 'claim/owner',
  started: 'started.json',
  exit: 'exit.json',
  stdout: 'stdout',
  stderr: 'stderr',
  heartbeat: 'heartbeat',
  cancel: 'cancel',
  duplicates: 'duplicates',
  /** Made by a manager that found the job gone without an exit record. */
  lost: 'lost',
} as const;

/** More than any record of ours; a longer file is not one. */
export const RECORD_BYTES_MAX = 64 * 1024;

const pid = z.int().positive();
const startTime = z.int().nonnegative();
const host = z.string().max(255);
const bootId = z.string().max(64);
const time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

/** Who made the claim: a wrapper, or an application manager that revoked the attempt. */
export const ownerRecord = z.union([
  z.object({ revokedBy: z.string().max(255), revokedAtMs: z.number() }),
  z.object({ pid, startTime, bootId, host, claimedAt: time }),
]);
export type OwnerRecord = z.infer<typeof ownerRecord>;

/** `pid` is the wrapper's; the child leads the job's process group. */
export const startedRecord = z.object({
  pid,
  startTime,
  bootId,
  host,
  childPid: pid,
  childStartTime: startTime,
  childGroup: pid,
  startedAt: time,
});
export type StartedRecord = z.infer<typeof startedRecord>;

/**
 * `exitCode` is the shell's: 128 + n for signal n, which `signal` then names. `reason` says whether the wrapper had
 * begun to stop the job, and why; NOT_STARTED: the program never ran, because no process group could be had for it.
 */
export const exitRecord = z.object({
  exitCode: z.int().min(0).max(255),
  signal: z.int().min(1).max(64).nullable(),
  reason: z.enum(['EXITED', 'CANCELED', 'WALLTIME', 'NOT_STARTED']),
  startedAt: time,
  endedAt: time,
  truncated: z.boolean(),
});
export type ExitRecord = z.infer<typeof exitRecord>;

/** The record when the bytes are one; nothing for whatever else may be in the file. */
export function parseRecord<T>(schema: z.ZodType<T>, bytes: Uint8Array | undefined): T | undefined {
  if (bytes === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
