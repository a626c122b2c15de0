/**
 * What users may ask for: the payloads on `tidemark.commands`. Written by the API Server, decided by the Metadata
 * Server that owns the key. `catalogPosition` is how far the sender had read the catalog when it wrote the command;
 * the decider first reads at least as far, so that nobody is told an application is unknown that he has just seen.
 */
import { z } from 'zod';
import { applicationSchema } from '../catalog/application.js';
import { dataProductSchema } from '../catalog/data-product.js';
import {
  applicationNameSchema,
  applicationVersionSchema,
  experimentIdSchema,
  inputValuesSchema,
  positionSchema,
  sha256Schema,
  textSchema,
  titleSchema,
  WALLTIME_SECONDS_MAX,
} from './values.js';

export const createExperimentSchema = z.object({
  experimentId: experimentIdSchema,
  name: titleSchema,
  description: textSchema.optional(),
  application: z.object({ name: applicationNameSchema, version: applicationVersionSchema.optional() }),
  inputs: inputValuesSchema,
  walltimeSeconds: z.int().min(1).max(WALLTIME_SECONDS_MAX).optional(),
  /** False: validated and left for LaunchExperiment. */
  launch: z.boolean().default(true),
  /** sha256 over the canonical request body; the same key with another hash is refused. */
  bodyHash: sha256Schema,
  catalogPosition: positionSchema,
});

export const launchExperimentSchema = z.object({ experimentId: experimentIdSchema });

export const cancelExperimentSchema = z.object({
  experimentId: experimentIdSchema,
  reason: textSchema.optional(),
});

export const registerApplicationSchema = z.object({
  application: applicationSchema,
  catalogPosition: positionSchema,
});

export const registerDataProductSchema = z.object({
  dataProduct: dataProductSchema,
  catalogPosition: positionSchema,
});
