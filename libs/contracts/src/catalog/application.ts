/**
 * An application: a command with typed inputs and declared outputs. Users register it from a JSON file; the catalog
 * holds it whole. The command is a list of arguments, never a shell line: `{app}` stands for the directory of the
 * application's files, `{input:NAME}` for an input's value (a staged file's path for URI); see arguments.ts.
 */
import { z } from 'zod';
import {
  applicationNameSchema,
  applicationVersionSchema,
  ARGUMENT_LENGTH_MAX,
  ATTEMPTS_MAX,
  dataProductIdSchema,
  inputNameSchema,
  inputValueSchema,
  relativePathSchema,
  sha256Schema,
  textSchema,
  byteCountSchema,
  WALLTIME_SECONDS_MAX,
} from '../messages/values.js';

export const INPUT_TYPES = ['STRING', 'INTEGER', 'FLOAT', 'BOOLEAN', 'URI'] as const;
export type InputType = (typeof INPUT_TYPES)[number];

/** `min` and `max` bound a number, or the length of a STRING in characters, or of a URI's file in bytes. */
export const inputDefinitionSchema = z.object({
  name: inputNameSchema,
  type: z.enum(INPUT_TYPES),
  description: textSchema.optional(),
  required: z.boolean().default(false),
  default: inputValueSchema.optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  /** For STRING: an ECMAScript regular expression that the whole text must match. */
  pattern: z.string().min(1).max(256).optional(),
  enum: z.array(inputValueSchema).min(1).max(256).optional(),
});
export type InputDefinition = z.infer<typeof inputDefinitionSchema>;

export const outputDefinitionSchema = z.object({
  name: inputNameSchema,
  /** Below the job's directory. `*` stands for any characters of one name: every match is an output file. */
  path: relativePathSchema,
  required: z.boolean().default(false),
  description: textSchema.optional(),
});
export type OutputDefinition = z.infer<typeof outputDefinitionSchema>;

const argumentSchema = z
  .string()
  .max(ARGUMENT_LENGTH_MAX)
  .refine((text) => !text.includes('\u0000'), 'an argument cannot hold a NUL character');

const definition = {
  name: applicationNameSchema,
  version: applicationVersionSchema,
  description: textSchema.optional(),
  /** The program and its arguments. Looked up on PATH unless it is a path. */
  command: z.array(argumentSchema).min(1).max(256),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), argumentSchema).optional(),
  inputs: z.array(inputDefinitionSchema).max(64).default([]),
  outputs: z.array(outputDefinitionSchema).max(64).default([]),
  /** The job is ended when it runs longer. */
  walltimeSeconds: z.int().min(1).max(WALLTIME_SECONDS_MAX).default(3600),
  /** Launches at most, counting only those that provably never ran or were refused. */
  attemptsMax: z.int().min(1).max(ATTEMPTS_MAX).default(3),
};

const FILES_MAX = 64;

/** The JSON file that users write: files are named relative to it. */
export const applicationFileSchema = z.strictObject({
  $schema: z.string().optional(),
  ...definition,
  files: z.array(relativePathSchema).max(FILES_MAX).default([]),
});
export type ApplicationFile = z.infer<typeof applicationFileSchema>;

/** What a client sends: the files have been uploaded as data products. */
export const applicationRequestSchema = z.strictObject({
  ...definition,
  files: z
    .array(z.strictObject({ path: relativePathSchema, dataProductId: dataProductIdSchema }))
    .max(FILES_MAX)
    .default([]),
});
export type ApplicationRequest = z.infer<typeof applicationRequestSchema>;

/** A file that goes with the application, by content. */
export const applicationContentSchema = z.object({
  path: relativePathSchema,
  sha256: sha256Schema,
  bytes: byteCountSchema,
});

/** The definition as the catalog keeps it. */
export const applicationSchema = z.object({
  ...definition,
  files: z.array(applicationContentSchema).max(FILES_MAX).default([]),
});
export type Application = z.infer<typeof applicationSchema>;
