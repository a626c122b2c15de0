/**
 * What the HTTP API takes and gives (prefix `/v1`): the same zod schemas validate requests, make the OpenAPI document
 * and type the CLI. Requests are strict: a member that nobody knows is a fault, not a surprise.
 */
import { z } from 'zod';
import { applicationRequestSchema } from '../catalog/application.js';
import { EXPERIMENT_STATUSES } from '../experiment/statuses.js';
import {
  applicationViewSchema,
  dataProductViewSchema,
  eventViewSchema,
  experimentSummarySchema,
  experimentViewSchema,
  PAGE_LIMIT_DEFAULT,
  PAGE_LIMIT_MAX,
  processViewSchema,
} from '../messages/queries.js';
import {
  applicationNameSchema,
  applicationVersionSchema,
  experimentIdSchema,
  faultSchema,
  inputValuesSchema,
  positionSchema,
  textSchema,
  titleSchema,
  WALLTIME_SECONDS_MAX,
} from '../messages/values.js';

/** Printable ASCII, as a header can carry it. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,255}$/);

/** POST /v1/experiments. Without a name it is called after its application. */
export const createExperimentRequestSchema = z.strictObject({
  name: titleSchema.optional(),
  description: textSchema.optional(),
  application: z.strictObject({ name: applicationNameSchema, version: applicationVersionSchema.optional() }),
  inputs: inputValuesSchema.default({}),
  walltimeSeconds: z.int().min(1).max(WALLTIME_SECONDS_MAX).optional(),
  launch: z.boolean().default(true),
});
export type CreateExperimentRequest = z.input<typeof createExperimentRequestSchema>;

/** 202 (accepted), 200 (the same key and body again); also of `:cancel` and `:launch`. */
export const experimentAcceptedSchema = z.object({
  id: experimentIdSchema,
  status: z.enum(EXPERIMENT_STATUSES),
  position: positionSchema,
});
export type ExperimentAccepted = z.infer<typeof experimentAcceptedSchema>;

/** POST /v1/experiments/{id}:cancel */
export const cancelExperimentRequestSchema = z.strictObject({ reason: textSchema.optional() });

const pageQuery = {
  cursor: z.string().max(1024).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  position: positionSchema.optional(),
};

/** GET /v1/experiments */
export const listExperimentsQuerySchema = z.strictObject({
  ...pageQuery,
  status: z.enum(EXPERIMENT_STATUSES).optional(),
  application: applicationNameSchema.optional(),
  q: z.string().max(128).optional(),
});

/** GET /v1/applications */
export const listQuerySchema = z.strictObject(pageQuery);

/** GET of one thing. */
export const getQuerySchema = z.strictObject({ position: positionSchema.optional() });

/** GET /v1/experiments/{id}/events; `from` is a record reference or an offset, itself included. */
export const listEventsQuerySchema = z.strictObject({
  from: z.string().max(300).optional(),
  type: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).optional(),
  position: positionSchema.optional(),
});

const positioned = { position: positionSchema };
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().optional(), ...positioned });

export const experimentResponseSchema = experimentViewSchema.extend(positioned);
export type ExperimentResponse = z.infer<typeof experimentResponseSchema>;
export const experimentListResponseSchema = pageOf(experimentSummarySchema);
export const processListResponseSchema = pageOf(processViewSchema);
export const eventListResponseSchema = pageOf(eventViewSchema);
export const applicationResponseSchema = applicationViewSchema.extend(positioned);
export type ApplicationResponse = z.infer<typeof applicationResponseSchema>;
export const applicationListResponseSchema = pageOf(applicationViewSchema);
export const dataProductResponseSchema = dataProductViewSchema.extend(positioned);
export type DataProductResponse = z.infer<typeof dataProductResponseSchema>;

/** POST /v1/applications */
export const registerApplicationRequestSchema = applicationRequestSchema;

/** `application/problem+json` (RFC 9457). */
export const problemResponseSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  traceId: z.string().optional(),
  errors: z.array(faultSchema).optional(),
});
export type ProblemResponse = z.infer<typeof problemResponseSchema>;
