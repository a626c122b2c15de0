/**
 * A data product: bytes in the content store under a name, with an id that follows from both. Uploads are registered
 * in the catalog; what a job wrote is named by OutputStaged events. The content of an id never changes.
 */
import { z } from 'zod';
import { byteCountSchema, dataProductIdSchema, fileNameSchema, sha256Schema } from '../messages/values.js';

export const dataProductSchema = z.object({
  id: dataProductIdSchema,
  name: fileNameSchema,
  sha256: sha256Schema,
  bytes: byteCountSchema,
  contentType: z
    .string()
    .max(128)
    .regex(/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(; ?[a-z0-9-]+=[A-Za-z0-9._-]+)*$/i)
    .default('application/octet-stream'),
});
export type DataProduct = z.infer<typeof dataProductSchema>;
