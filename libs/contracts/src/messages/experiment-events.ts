/**
 * What happened to an experiment as a whole: events on `tidemark.experiments` that only the Metadata Server writes.
 * The experiment's id is the record's key.
 */
import { z } from 'zod';
import {
  applicationContentSchema,
  inputDefinitionSchema,
  outputDefinitionSchema,
} from '../catalog/application.js';
import { INPUT_TYPES } from '../catalog/application.js';
import {
  applicationNameSchema,
  applicationVersionSchema,
  attemptSchema,
  byteCountSchema,
  dataProductIdSchema,
  detailSchema,
  exitCodeSchema,
  faultSchema,
  fileNameSchema,
  inputNameSchema,
  inputValueSchema,
  inputValuesSchema,
  positionSchema,
  processIndexSchema,
  reasonCodeSchema,
  relativePathSchema,
  sha256Schema,
  textSchema,
  titleSchema,
  WALLTIME_SECONDS_MAX,
} from './values.js';

export { inputDefinitionSchema };

/** An input as the job will get it: a plain value, or a file that is to be staged under its name. */
export const resolvedInputSchema = z.object({
  name: inputNameSchema,
  type: z.enum(INPUT_TYPES),
  value: inputValueSchema.optional(),
  file: z
    .object({
      dataProductId: dataProductIdSchema,
      name: fileNameSchema,
      sha256: sha256Schema,
      bytes: byteCountSchema,
    })
    .optional(),
});
export type ResolvedInput = z.infer<typeof resolvedInputSchema>;

/** All that is needed to run the job, copied from the catalog: later changes of the catalog do not matter. */
export const experimentSpecSchema = z.object({
  application: z.object({ name: applicationNameSchema, version: applicationVersionSchema }),
  /** Argument templates; `resolveArguments` turns them into arguments. */
  command: z.array(z.string()).min(1),
  environment: z.record(z.string(), z.string()).optional(),
  files: z.array(applicationContentSchema),
  inputs: z.array(resolvedInputSchema),
  outputs: z.array(outputDefinitionSchema),
  walltimeSeconds: z.int().min(1).max(WALLTIME_SECONDS_MAX),
  attemptsMax: attemptSchema,
});
export type ExperimentSpec = z.infer<typeof experimentSpecSchema>;

export const experimentCreatedSchema = z.object({
  name: titleSchema,
  description: textSchema.optional(),
  application: z.object({ name: applicationNameSchema, version: applicationVersionSchema.optional() }),
  inputs: inputValuesSchema,
  walltimeSeconds: z.int().min(1).max(WALLTIME_SECONDS_MAX).optional(),
  launch: z.boolean(),
  bodyHash: sha256Schema,
});

export const experimentRejectedSchema = z.object({ errors: z.array(faultSchema).min(1).max(100) });

/** `catalogPosition`: how far the catalog had been read when the request was judged by it. */
export const experimentValidatedSchema = z.object({
  spec: experimentSpecSchema,
  catalogPosition: positionSchema,
});

export const experimentLaunchedSchema = z.object({ processCount: z.int().min(1).max(999_999) });

export const experimentExecutionStartedSchema = z.object({
  processIndex: processIndexSchema,
  attempt: attemptSchema,
});

export const experimentCancelRequestedSchema = z.object({ reason: textSchema.optional() });

/** A file that a job left, now in the content store. `name` is the output's name, `path` the file's. */
export const stagedOutputSchema = z.object({
  role: z.enum(['output', 'stdout', 'stderr']),
  name: inputNameSchema,
  path: relativePathSchema,
  dataProductId: dataProductIdSchema,
  sha256: sha256Schema,
  bytes: byteCountSchema,
});
export type StagedOutput = z.infer<typeof stagedOutputSchema>;

export const experimentCompletedSchema = z.object({ exitCode: exitCodeSchema });

export const experimentFailedSchema = z.object({
  reasonCode: reasonCodeSchema,
  exitCode: exitCodeSchema.optional(),
  detail: detailSchema.optional(),
});

export const experimentCanceledSchema = z.object({
  reasonCode: reasonCodeSchema,
  exitCode: exitCodeSchema.optional(),
});
