/**
 * Cancels everything that was launched and has not ended: over the API, so that history says CANCELED, and where nobody
 * answers by the cancel request that every job's wrapper looks for. Experiments that wait for their launch have no job and go on
 * waiting. Resolves when no job of this home runs any more.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  EXPERIMENT_STATUSES,
  type ExperimentStatus,
  type ExperimentSummary,
  isTerminal,
} from '@tidemark/contracts';
import { Fault, reasonOf } from '../../console/fault.js';
import { ApiClient } from '../../stack/api-client.js';
import { cancelExperiment } from '../../stack/cancel.js';
import type { Home } from '../../stack/home.js';
import { listExperiments } from '../../stack/experiment-list.js';
import { findApi } from '../../stack/target.js';
import { findSupervisor } from '../../supervisor/control-client.js';
import { livingJobs, requestCancel } from '../../supervisor/living-jobs.js';

type Report = (line: string) => void;

const GONE_BOUND_MS = 60_000;
/** After this long a job that still runs is asked directly as well. */
const ASK_DIRECTLY_AFTER_MS = 15_000;
const POLL_MS = 200;

/** Launched, and not ended. */
export function mayHaveJob(status: ExperimentStatus): boolean {
  return status !== 'CREATED' && status !== 'VALIDATED' && !isTerminal(status);
}

/** Answers the ids of the experiments that were cancelled. Rejects with a `Fault` that names what still runs. */
export async function cancelJobs(home: Home, report: Report): Promise<string[]> {
  let canceled: string[] = [];
  let isAsked = false;
  if (findSupervisor(home) !== undefined) {
    try {
      canceled = await cancelOverApi(home, report);
    } catch (cause) {
      report(`the API could not cancel (${reasonOf(cause)}); asking the jobs themselves`);
      isAsked = true;
    }
  }
  const begun = Date.now();
  for (let jobs = livingJobs(home); jobs.length > 0; jobs = livingJobs(home)) {
    const waitedMs = Date.now() - begun;
    if (waitedMs > GONE_BOUND_MS) {
      throw new Fault(
        `still running: ${jobs.map((job) => `${job.token} (pid ${job.pid ?? '?'})`).join(', ')}`,
      );
    }
    if (isAsked || canceled.length === 0 || waitedMs > ASK_DIRECTLY_AFTER_MS) jobs.forEach(requestCancel);
    await delay(POLL_MS);
  }
  return canceled;
}

async function cancelOverApi(home: Home, report: Report): Promise<string[]> {
  const api = new ApiClient(findApi(home, {}));
  const open = await openExperiments(api);
  for (const { id } of open) {
    report(`cancelling ${id}`);
    await cancelExperiment(api, id, 'the stack goes down');
  }
  const deadline = Date.now() + GONE_BOUND_MS;
  while ((await openExperiments(api)).length > 0) {
    if (Date.now() > deadline) throw new Fault('not all experiments ended');
    await delay(POLL_MS);
  }
  return open.map(({ id }) => id);
}

async function openExperiments(api: ApiClient): Promise<ExperimentSummary[]> {
  const open: ExperimentSummary[] = [];
  for (const status of EXPERIMENT_STATUSES.filter(mayHaveJob)) {
    open.push(...(await listExperiments(api, { status })));
  }
  return open;
}
