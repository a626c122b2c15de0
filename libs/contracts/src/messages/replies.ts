/**
 * Answers on `tidemark.replies.<replica>`: of deciders to commands, sent when the command's events have been read
 * back, and of Metadata Servers to queries. A refusal names a problem of the table in http/problems.ts.
 */
import { z } from 'zod';
import { EXPERIMENT_STATUSES } from '../experiment/statuses.js';
import { PROBLEM_CODES } from '../http/problems.js';
import {
  applicationNameSchema,
  applicationVersionSchema,
  dataProductIdSchema,
  experimentIdSchema,
  faultSchema,
  positionSchema,
} from './values.js';

/** Why a command or query was refused, ready to become problem+json. */
export const problemSchema = z.object({
  code: z.enum(PROBLEM_CODES),
  detail: z.string().max(2048),
  errors: z.array(faultSchema).max(100).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** `repeated`: the command had been carried out before, and nothing new happened. */
export const commandResultSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('experiment'),
    id: experimentIdSchema,
    status: z.enum(EXPERIMENT_STATUSES),
    repeated: z.boolean(),
  }),
  z.object({
    kind: z.literal('application'),
    name: applicationNameSchema,
    version: applicationVersionSchema,
    repeated: z.boolean(),
  }),
  z.object({ kind: z.literal('data-product'), id: dataProductIdSchema, repeated: z.boolean() }),
]);
export type CommandResult = z.infer<typeof commandResultSchema>;

/** `position`: a view that has reached it includes what the answer says. */
export const commandRepliedSchema = z.union([
  z.object({ result: commandResultSchema, position: positionSchema }),
  z.object({ problem: problemSchema, position: positionSchema }),
]);
export type CommandReply = z.infer<typeof commandRepliedSchema>;

/** `result` is checked against the query's own schema by whoever asked. */
export const queryRepliedSchema = z.union([
  z.object({ result: z.json(), position: positionSchema }),
  z.object({ problem: problemSchema, position: positionSchema }),
]);
export type QueryReply = z.infer<typeof queryRepliedSchema>;
