/**
 * The small values that messages are made of, each with its limits: whatever comes from outside passes through one
 * of these before anybody acts on it.
 */
import { z } from 'zod';
import { DATA_PRODUCT_ID_PATTERN, EXPERIMENT_ID_PATTERN, JOB_TOKEN_PATTERN, SHA256_PATTERN } from '../ids.js';
import { REASON_CODE_NAMES } from '../reason-codes.js';
import { isTime } from '../time.js';

/** Processes of one experiment; one today, a sweep's points later. */
export const PROCESSES_MAX = 1;
export const ATTEMPTS_MAX = 10;
export const NAME_LENGTH_MAX = 128;
export const TEXT_LENGTH_MAX = 2048;
/** An argument or an input's text; Linux takes 128 KiB for one argument. */
export const ARGUMENT_LENGTH_MAX = 32_768;
export const WALLTIME_SECONDS_MAX = 30 * 24 * 3600;

// eslint-disable-next-line no-control-regex -- refusing control characters is the point
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const LONE_SURROGATES = /\p{Surrogate}/u;
/** As above, but a text of several lines may hold tabs and line ends. */
// eslint-disable-next-line no-control-regex -- refusing control characters is the point
const CONTROL_CHARACTERS_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Control characters, line separators or halves of a surrogate pair: nothing that a name or a value may hold. */
export function hasControlCharacters(text: string): boolean {
  return CONTROL_CHARACTERS.test(text) || LONE_SURROGATES.test(text);
}

function isPlainText(text: string): boolean {
  return !CONTROL_CHARACTERS_BUT_LINES.test(text) && !LONE_SURROGATES.test(text);
}

export const experimentIdSchema = z.string().regex(EXPERIMENT_ID_PATTERN);
export const dataProductIdSchema = z.string().regex(DATA_PRODUCT_ID_PATTERN);
export const jobTokenSchema = z.string().regex(JOB_TOKEN_PATTERN);
export const sha256Schema = z.string().regex(SHA256_PATTERN);
/** `2026-01-31T12:00:00.000Z`. */
export const timeSchema = z.string().refine(isTime, 'must be a time such as 2026-01-31T12:00:00.000Z');
export const byteCountSchema = z.int().min(0);
/** A log position (position.ts); empty is the beginning. */
export const positionSchema = z.string().max(16_384);
export const reasonCodeSchema = z.enum(REASON_CODE_NAMES);

export const processIndexSchema = z.int().min(0).max(999_999);
export const attemptSchema = z.int().min(1).max(9999);
export const exitCodeSchema = z.int().min(0).max(255);

/** What people call an experiment: any printable text. */
export const titleSchema = z
  .string()
  .min(1)
  .max(NAME_LENGTH_MAX)
  .refine((text) => !hasControlCharacters(text), 'control characters are not allowed');
/** Remarks, error texts: may have several lines. */
export const textSchema = z
  .string()
  .max(TEXT_LENGTH_MAX)
  .refine(isPlainText, 'control characters are not allowed');
/** Texts that we wrote ourselves (reasons, evidence); only their length is bounded. */
export const detailSchema = z.string().max(8192);

export const applicationNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
export const applicationVersionSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,31}$/);
export const inputNameSchema = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);

/** One name in a directory: no separator, no `.` or `..`, not hidden from `ls`, no control character. */
export const fileNameSchema = z
  .string()
  .min(1)
  .max(200)
  .refine((name) => !hasControlCharacters(name), 'control characters are not allowed')
  .refine((name) => !/[/\\]/.test(name), 'a file name must not contain a separator')
  .refine((name) => !name.startsWith('.'), 'a file name must not begin with a dot');

/** A path below a directory that we own: `/` between names, each as above. `*` is for output patterns only. */
export const relativePathSchema = z
  .string()
  .min(1)
  .max(512)
  .refine((path) => !hasControlCharacters(path), 'control characters are not allowed')
  .refine((path) => !path.includes('\\'), 'a path must not contain a backslash')
  .refine(
    (path) => path.split('/').every((name) => name !== '' && !name.startsWith('.')),
    'a path must stay in its directory: no empty, hidden or dotted parts',
  );

/** Content in the content store, by its hash. */
export const contentSchema = z.object({ sha256: sha256Schema, bytes: byteCountSchema });
export type Content = z.infer<typeof contentSchema>;

/** What an input is given as. A file is given as the id of a data product. */
export const inputValueSchema = z.union([
  z
    .string()
    .max(ARGUMENT_LENGTH_MAX)
    .refine((text) => !hasControlCharacters(text), 'control characters are not allowed'),
  z.number(),
  z.boolean(),
]);
export type InputValue = z.infer<typeof inputValueSchema>;
export const inputValuesSchema = z.record(inputNameSchema, inputValueSchema);
export type InputValues = z.infer<typeof inputValuesSchema>;

/** One fault in a request: where (RFC 6901 pointer into the body), what in one word, and what in a sentence. */
export const faultSchema = z.object({
  pointer: z.string().max(1024),
  code: z.string().max(64),
  message: z.string().max(1024),
});
export type Fault = z.infer<typeof faultSchema>;
