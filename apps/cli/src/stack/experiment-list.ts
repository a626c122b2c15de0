/** Lists of experiments, page after page. */
import type { ExperimentSummary } from '@tidemark/contracts';
import type { ApiClient } from './api-client.js';

export interface ExperimentFilter {
  readonly status?: string;
  readonly application?: string;
}

const PAGE = 200;

/** The newest `max` that match; all of them unless told otherwise. */
export async function listExperiments(
  api: ApiClient,
  filter: ExperimentFilter,
  max = Number.POSITIVE_INFINITY,
): Promise<ExperimentSummary[]> {
  const found: ExperimentSummary[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ ...filter, limit: String(Math.min(PAGE, max - found.length)) });
    if (cursor !== undefined) query.set('cursor', cursor);
    const page = await api.json<{ items: ExperimentSummary[]; next?: string }>(
      `/v1/experiments?${query.toString()}`,
    );
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined && found.length < max);
  return found;
}
