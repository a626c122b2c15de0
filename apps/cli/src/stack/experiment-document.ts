/**
 * An experiment as the commands show it: waiting for its end, and the one JSON document that `submit --wait` and
 * `experiments ID` print.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal, type ExperimentResponse } from '@tidemark/contracts';
import type { ApiClient } from './api-client.js';

export interface ExperimentDocument extends Omit<ExperimentResponse, 'exitCode' | 'reasonCode'> {
  readonly exitCode: number | null;
  readonly reasonCode: string | null;
}

const POLL_FIRST_MS = 50;
const POLL_MAX_MS = 1_000;

export const pathOfExperiment = (id: string, rest = ''): string =>
  `/v1/experiments/${encodeURIComponent(id)}${rest}`;

/** `position`: what the view must have seen, from an earlier answer. */
export function readExperiment(api: ApiClient, id: string, position = ''): Promise<ExperimentResponse> {
  const query = position === '' ? '' : `?position=${encodeURIComponent(position)}`;
  return api.json<ExperimentResponse>(`${pathOfExperiment(id)}${query}`);
}

/** Calls `onChange` for each new status; resolves with the first terminal one. */
export async function waitForEnd(
  api: ApiClient,
  id: string,
  position: string,
  onChange: (experiment: ExperimentResponse) => void,
): Promise<ExperimentResponse> {
  let seen = '';
  let pauseMs = POLL_FIRST_MS;
  for (;;) {
    const experiment = await readExperiment(api, id, position);
    if (experiment.status !== seen) {
      seen = experiment.status;
      pauseMs = POLL_FIRST_MS;
      onChange(experiment);
    }
    if (isTerminal(experiment.status)) return experiment;
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, POLL_MAX_MS);
  }
}

/** What is not known is null, so that a script finds the member. */
export function documentOf(experiment: ExperimentResponse): ExperimentDocument {
  return {
    ...experiment,
    exitCode: experiment.exitCode ?? null,
    reasonCode: experiment.reasonCode ?? null,
  };
}
