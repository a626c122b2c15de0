/**
 * Applications from their JSON files: read and checked here, their files uploaded, then registered. Registering the
 * same content again changes nothing.
 */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {
  applicationFileSchema,
  type ApplicationRequest,
  type ApplicationResponse,
} from '@tidemark/contracts';
import { Fault, reasonOf } from '../console/fault.js';
import type { ApiClient } from './api-client.js';
import { uploadFile } from './data-products.js';

export async function registerApplication(api: ApiClient, file: string): Promise<ApplicationResponse> {
  const { $schema: _schema, files, ...definition } = readApplicationFile(file);
  const uploaded: ApplicationRequest['files'] = [];
  for (const relative of files) {
    const product = await uploadFile(api, path.join(path.dirname(file), relative), path.basename(relative));
    uploaded.push({ path: relative, dataProductId: product.id });
  }
  const request: ApplicationRequest = { ...definition, files: uploaded };
  return api.json<ApplicationResponse>('/v1/applications', {
    method: 'POST',
    json: request,
    idempotencyKey: randomUUID(),
  });
}

/** `name` or `name@version`. */
export function readApplication(
  api: ApiClient,
  nameAndVersion: string,
  position = '',
): Promise<ApplicationResponse> {
  const [name = '', version] = nameAndVersion.split('@');
  const query = position === '' ? '' : `?position=${encodeURIComponent(position)}`;
  const route = version === undefined ? name : `${name}/${version}`;
  return api.json<ApplicationResponse>(`/v1/applications/${route}${query}`);
}

function readApplicationFile(file: string) {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Fault(`${file} cannot be read as JSON: ${reasonOf(cause)}`);
  }
  const parsed = applicationFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `/${issue.path.join('/')}: ${issue.message}`);
  throw new Fault(`${file} is not an application: ${faults.join('; ')}`);
}
