/**
 * The commands' way to the supervisor of their home. Stateless: every call reads the run file anew, because the
 * supervisor may have been replaced in between.
 */
import { nodeProcesses } from '@tidemark/platform/node';
import { Fault, reasonOf } from '../console/fault.js';
import { runFileOf, type Home } from '../stack/home.js';
import { readRunFile, type RunFile } from '../stack/run-file.js';
import type { ProcessRow } from './process-plan.js';

const ANSWER_BOUND_MS = 5_000;
/** A broker that is removed stops in order first. */
const REMOVAL_BOUND_MS = 30_000;

/** The run file of the supervisor, while it lives. */
export function findSupervisor(home: Home): RunFile | undefined {
  const run = readRunFile(runFileOf(home, 'supervisor'));
  return run !== undefined && nodeProcesses.isAlive(run) ? run : undefined;
}

export function listProcesses(supervisor: RunFile): Promise<ProcessRow[]> {
  return call(supervisor, 'GET', '/processes') as Promise<ProcessRow[]>;
}

export async function startProcess(supervisor: RunFile, name: string): Promise<void> {
  await call(supervisor, 'POST', '/start', { name });
}

export async function killProcess(supervisor: RunFile, name: string, signal: string): Promise<void> {
  await call(supervisor, 'POST', '/kill', { name, signal });
}

export async function requestDown(supervisor: RunFile): Promise<void> {
  await call(supervisor, 'POST', '/down');
}

/** Answers the new broker's id; it is then still starting. */
export async function addBroker(supervisor: RunFile): Promise<number> {
  const { id } = (await call(supervisor, 'POST', '/brokers/add')) as { readonly id: number };
  return id;
}

export async function removeBroker(supervisor: RunFile, id: number): Promise<void> {
  await call(supervisor, 'POST', '/brokers/remove', { id }, REMOVAL_BOUND_MS);
}

async function call(
  supervisor: RunFile,
  method: string,
  path: string,
  body?: unknown,
  boundMs = ANSWER_BOUND_MS,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(`http://${supervisor.addresses.control ?? ''}${path}`, {
      method,
      headers: { authorization: `Bearer ${supervisor.token ?? ''}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(boundMs),
    });
  } catch (cause) {
    throw new Fault(`the supervisor (pid ${supervisor.pid}) does not answer: ${reasonOf(cause)}`);
  }
  const answer = (await response.json()) as { readonly error?: string };
  if (!response.ok) throw new Fault(answer.error ?? `the supervisor answered ${response.status}`);
  return answer;
}
