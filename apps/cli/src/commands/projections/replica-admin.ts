/**
 * The Metadata Servers' admin HTTP, found by their run files: each replica answers for its own database only, so a
 * command asks every one.
 */
import { Fault, reasonOf } from '../../console/fault.js';
import { homeFromEnvironment } from '../../stack/home.js';
import { livingRunFiles, type RunFile } from '../../stack/run-file.js';

export interface ProjectionView {
  readonly replica: string;
  readonly projection: string;
  readonly version: number;
  readonly state: string;
  /** Nothing while it is being built; so is the hash. */
  readonly rows: number | null;
  readonly position: string;
  readonly lag: number;
  readonly hash: string | null;
}

const ANSWER_BOUND_MS = 60_000;

/** All living replicas, or the named one. Throws a `Fault` when there is none. */
export function findReplicas(name?: string): RunFile[] {
  const home = homeFromEnvironment();
  const replicas = livingRunFiles(home.runDirectory).filter(
    (run) => run.kind === 'metadata-server' && (name === undefined || run.name === name),
  );
  if (replicas.length > 0) return replicas;
  throw new Fault(
    name === undefined ? `no metadata-server runs in ${home.root}` : `there is no running '${name}'`,
  );
}

export async function readProjections(replica: RunFile): Promise<ProjectionView[]> {
  const response = await ask(replica, 'GET', '/admin/projections');
  return (await response.json()) as ProjectionView[];
}

export async function requestRebuild(replica: RunFile, dropDatabase: boolean): Promise<void> {
  const response = await ask(replica, 'POST', '/admin/projections/rebuild', { dropDatabase });
  await response.arrayBuffer();
}

async function ask(replica: RunFile, method: string, route: string, body?: unknown): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`http://${replica.addresses.http ?? ''}${route}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_BOUND_MS),
    });
  } catch (cause) {
    throw new Fault(`${replica.name} does not answer: ${reasonOf(cause)}`);
  }
  if (response.ok) return response;
  if (response.status === 409) throw new Fault(`${replica.name} is rebuilding already`);
  throw new Fault(`${replica.name} answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
}
