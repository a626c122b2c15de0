/** Files on their way into the content store: uploaded once, then named by the id of their data product. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { DataProductResponse } from '@tidemark/contracts';
import { Fault, reasonOf } from '../console/fault.js';
import type { ApiClient } from './api-client.js';

/** Rejects with a `Fault` when the file cannot be read or the API does not take it. */
export async function uploadFile(
  api: ApiClient,
  file: string,
  name = path.basename(file),
): Promise<DataProductResponse> {
  let content: Blob;
  try {
    if (!fs.statSync(file).isFile()) throw new Error('not a file');
    content = await fs.openAsBlob(file);
  } catch (cause) {
    throw new Fault(`${file} cannot be read: ${reasonOf(cause)}`);
  }
  const form = new FormData();
  form.set('file', content, name);
  // Equal bytes under an equal name are the same data product, so a repeated upload does no harm.
  return api.json<DataProductResponse>('/v1/data-products', {
    method: 'POST',
    form,
    idempotencyKey: randomUUID(),
  });
}
