/**
 * Questions on `tidemark.queries` and their answers: any Metadata Server replica may answer any of them from its own
 * database. `position` is where the asker wants the view to be at least (empty: wherever it is). Every answer says
 * how far the view was, and lists go on from the opaque `cursor` of the page before.
 */
import { z } from 'zod';
import { applicationSchema } from '../catalog/application.js';
import { dataProductSchema } from '../catalog/data-product.js';
import { EXPERIMENT_STATUSES, JOB_STATUSES, PROCESS_STATUSES } from '../experiment/statuses.js';
import { resolvedInputSchema, stagedOutputSchema } from './experiment-events.js';
import {
  applicationNameSchema,
  applicationVersionSchema,
  attemptSchema,
  dataProductIdSchema,
  detailSchema,
  exitCodeSchema,
  experimentIdSchema,
  faultSchema,
  inputValuesSchema,
  jobTokenSchema,
  positionSchema,
  processIndexSchema,
  reasonCodeSchema,
  timeSchema,
} from './values.js';

export const PAGE_LIMIT_MAX = 500;
export const PAGE_LIMIT_DEFAULT = 50;

const cursorSchema = z.string().max(1024);
const page = {
  cursor: cursorSchema.optional(),
  limit: z.int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
};
const reading = { position: positionSchema.default('') };

const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: cursorSchema.optional() });

export const jobViewSchema = z.object({
  attempt: attemptSchema,
  token: jobTokenSchema,
  status: z.enum(JOB_STATUSES),
  reasonCode: reasonCodeSchema.optional(),
  exitCode: exitCodeSchema.optional(),
  signal: z.int().optional(),
  externalId: z.string().optional(),
  host: z.string().optional(),
  startedAt: timeSchema.optional(),
  endedAt: timeSchema.optional(),
});
export type JobView = z.infer<typeof jobViewSchema>;

export const processViewSchema = z.object({
  id: z.string(),
  index: processIndexSchema,
  status: z.enum(PROCESS_STATUSES),
  reasonCode: reasonCodeSchema.optional(),
  detail: detailSchema.optional(),
  exitCode: exitCodeSchema.optional(),
  owner: z.string().optional(),
  jobs: z.array(jobViewSchema),
  outputs: z.array(stagedOutputSchema),
});
export type ProcessView = z.infer<typeof processViewSchema>;

/** One file of an experiment's outputs, as clients see it; `id` is the data product's. */
export const outputViewSchema = z.object({
  name: z.string(),
  path: z.string(),
  id: dataProductIdSchema,
  bytes: z.int(),
  sha256: z.string(),
});
export type OutputView = z.infer<typeof outputViewSchema>;

export const experimentSummarySchema = z.object({
  id: experimentIdSchema,
  name: z.string(),
  application: z.object({ name: applicationNameSchema, version: applicationVersionSchema.optional() }),
  owner: z.string(),
  status: z.enum(EXPERIMENT_STATUSES),
  reasonCode: reasonCodeSchema.optional(),
  exitCode: exitCodeSchema.optional(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  endedAt: timeSchema.optional(),
});
export type ExperimentSummary = z.infer<typeof experimentSummarySchema>;

export const experimentViewSchema = experimentSummarySchema.extend({
  description: z.string().optional(),
  inputs: inputValuesSchema,
  resolvedInputs: z.array(resolvedInputSchema),
  walltimeSeconds: z.int().optional(),
  detail: detailSchema.optional(),
  errors: z.array(faultSchema),
  cancelReason: z.string().optional(),
  outputs: z.array(outputViewSchema),
  stdout: outputViewSchema.optional(),
  stderr: outputViewSchema.optional(),
  processes: z.array(processViewSchema),
  /** Offset of the last record that concerns it: its version. */
  revision: z.int(),
});
export type ExperimentView = z.infer<typeof experimentViewSchema>;

/** `position` is the record's reference; `applied` false: the state table did not allow it, so it changed nothing. */
export const eventViewSchema = z.object({
  position: z.string(),
  id: z.string(),
  type: z.string(),
  version: z.int(),
  time: timeSchema,
  actor: z.string(),
  cause: z.string().optional(),
  applied: z.boolean(),
  payload: z.record(z.string(), z.unknown()),
});
export type EventView = z.infer<typeof eventViewSchema>;

export const applicationViewSchema = applicationSchema.extend({
  sha256: z.string(),
  latest: z.boolean(),
  versions: z.array(z.string()),
  registeredAt: timeSchema,
});
export type ApplicationView = z.infer<typeof applicationViewSchema>;

export const dataProductViewSchema = dataProductSchema.extend({
  /** The experiment that made it; none for an upload. */
  experimentId: experimentIdSchema.optional(),
  createdAt: timeSchema,
});
export type DataProductView = z.infer<typeof dataProductViewSchema>;

/** Query type -> what is asked and what is answered. `null` is the answer for what there is not. */
export const QUERIES = {
  GetExperiment: {
    request: z.object({ ...reading, experimentId: experimentIdSchema }),
    result: experimentViewSchema.nullable(),
  },
  ListExperiments: {
    request: z.object({
      ...reading,
      ...page,
      status: z.enum(EXPERIMENT_STATUSES).optional(),
      application: applicationNameSchema.optional(),
      /** Part of the name, whatever its case. */
      q: z.string().max(128).optional(),
    }),
    result: pageOf(experimentSummarySchema),
  },
  ListEvents: {
    request: z.object({
      ...reading,
      experimentId: experimentIdSchema,
      /** Offset of the first record wanted. */
      fromOffset: z.int().min(0).default(0),
      type: z.string().max(64).optional(),
      limit: z.int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_MAX),
    }),
    /** `null`: there is no such experiment. `nextOffset` is where the next page begins. */
    result: z.object({ items: z.array(eventViewSchema), nextOffset: z.int(), more: z.boolean() }).nullable(),
  },
  GetApplication: {
    request: z.object({
      ...reading,
      name: applicationNameSchema,
      version: applicationVersionSchema.optional(),
    }),
    result: applicationViewSchema.nullable(),
  },
  /** The latest version of each. */
  ListApplications: { request: z.object({ ...reading, ...page }), result: pageOf(applicationViewSchema) },
  GetDataProduct: {
    request: z.object({ ...reading, id: dataProductIdSchema }),
    result: dataProductViewSchema.nullable(),
  },
} as const;

export type QueryType = keyof typeof QUERIES;
export type QueryRequest<Type extends QueryType> = z.input<(typeof QUERIES)[Type]['request']>;
export type QueryResult<Type extends QueryType> = z.output<(typeof QUERIES)[Type]['result']>;
