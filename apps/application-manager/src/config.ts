/**
 * What the Application Manager is configured with, by environment variable.
 */
import { COMMON_SETTINGS, integerSchema, setting, type ConfigOf } from '@tidemark/service';
import { z } from 'zod';

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;
const BYTES_MAX = 1024 ** 4;

const optional = (schema: z.ZodType<number, string>): z.ZodOptional<z.ZodType<number, string>> =>
  schema.optional();

export const SETTINGS = {
  ...COMMON_SETTINGS,
  /** The folder of the job directories, which all replicas share. */
  jobs: setting('TIDEMARK_JOBS', z.string().min(1)),
  /** Jobs at once on this machine, over all replicas. Left out: twice the number of cores. */
  slots: setting('TIDEMARK_SLOTS', optional(integerSchema(1, 10_000))),
  /** Seconds between TERM and KILL. */
  graceS: setting('TIDEMARK_JOB_GRACE_S', optional(integerSchema(1, 600))),
  /** Bytes kept of stdout and of stderr each. */
  streamBytesMax: setting('TIDEMARK_JOB_STREAM_BYTES_MAX', optional(integerSchema(1024, BYTES_MAX))),
  /** Size of any file that a job writes. */
  fileBytesMax: setting('TIDEMARK_JOB_FILE_BYTES_MAX', optional(integerSchema(MEBIBYTE, BYTES_MAX))),
} as const;

export type Config = ConfigOf<typeof SETTINGS>;

export const DEFAULTS = {
  graceS: 5,
  streamBytesMax: 64 * MEBIBYTE,
  fileBytesMax: 4 * GIBIBYTE,
} as const;
