/**
 * Records of the catalog, on the compacted topic `tidemark.catalog`: whole states, never deltas, keyed `kind/name`
 * (the latest version) and `kind/name@version` (older ones, in the partition of `kind/name`). Written by the
 * Metadata Server that owns the name.
 */
import { z } from 'zod';
import { applicationSchema } from '../catalog/application.js';
import { dataProductSchema } from '../catalog/data-product.js';
import { applicationVersionSchema, sha256Schema } from './values.js';

/** Versions of one application, at most. */
export const APPLICATION_VERSIONS_MAX = 1000;

/** `versions` lists every version of the name with the hash of its definition: a published one never changes. */
export const applicationRegisteredSchema = z.object({
  application: applicationSchema,
  sha256: sha256Schema,
  versions: z
    .array(z.object({ version: applicationVersionSchema, sha256: sha256Schema }))
    .min(1)
    .max(APPLICATION_VERSIONS_MAX),
});

export const dataProductRegisteredSchema = z.object({ dataProduct: dataProductSchema });
