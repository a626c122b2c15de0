/** A job's stdout and stderr over the API: what there is so far, and what comes. */
import type { ApiClient } from './api-client.js';
import { pathOfExperiment } from './experiment-document.js';

export type OutputStream = 'stdout' | 'stderr';

export const pathOfOutput = (id: string, stream: OutputStream): string =>
  pathOfExperiment(id, `/processes/0/${stream}`);

export async function readOutput(api: ApiClient, id: string, stream: OutputStream): Promise<Uint8Array> {
  const response = await api.fetch(pathOfOutput(id, stream));
  return new Uint8Array(await response.arrayBuffer());
}
