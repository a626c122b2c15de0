/** Cancelling one experiment over the API; one that has ended already is fine. */
import { randomUUID } from 'node:crypto';
import type { ExperimentAccepted } from '@tidemark/contracts';
import { ApiFault, type ApiClient } from './api-client.js';
import { pathOfExperiment } from './experiment-document.js';

/** Nothing when it had ended before. Rejects with a `Fault` when the API refuses otherwise. */
export async function cancelExperiment(
  api: ApiClient,
  id: string,
  reason?: string,
): Promise<ExperimentAccepted | undefined> {
  try {
    return await api.json<ExperimentAccepted>(pathOfExperiment(id, ':cancel'), {
      method: 'POST',
      json: reason === undefined ? {} : { reason },
      idempotencyKey: randomUUID(),
    });
  } catch (cause) {
    if (cause instanceof ApiFault && cause.problem.status === 409) return undefined;
    throw cause;
  }
}
