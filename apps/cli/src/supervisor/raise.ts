/**
 * From a home to a running, supervised stack: takes the home for this process alone, adopts what an earlier
 * supervisor left, finds ports, plans, starts, and listens to the commands. Used by `up` in the foreground and by
 * the detached supervisor (supervisor/main.ts) alike.
 */
import fs from 'node:fs';
import path from 'node:path';
import { nodeDisk } from '@tidemark/platform/node';
import { Fault } from '../console/fault.js';
import { placeOf, removePlace } from '../postgres/cluster-place.js';
import { findRunUser } from '../postgres/run-user.js';
import { openCluster } from '../brokers/cluster-file.js';
import { prepareHome, runFileOf, type Home } from '../stack/home.js';
import { claimBrokerPorts, claimPorts, type Ports } from '../stack/ports.js';
import type { StackSettings } from '../stack/settings.js';
import { openControlServer } from './control-server.js';
import { livingJobs } from './living-jobs.js';
import { rotateLogs } from './log-file.js';
import type { ProcessPlan, ProcessRow } from './process-plan.js';
import { planStack } from './stack-plan.js';
import { livingProcesses, readState, type SavedState } from './state-file.js';
import { Membership } from '../brokers/membership.js';
import { Supervisor, type Report } from './supervisor.js';

export interface RaiseOptions {
  readonly home: Home;
  readonly settings: StackSettings;
  /** Throw the home's history away first. */
  readonly fresh: boolean;
  /** Nothing but the brokers: what keeps the services from starting can be looked at, and mended. */
  readonly brokersOnly?: boolean;
  readonly report: Report;
  /** Aborted to take the stack down again, even while it is still starting. */
  readonly interrupt: AbortSignal;
  /** The processes to run; the embedded stack unless a test says otherwise. */
  readonly plan?: (home: Home) => ProcessPlan[];
}

export interface RaisedStack {
  list(): ProcessRow[];
  killAll(): void;
  /** Resolves when the stack has gone down, whoever asked for it. */
  readonly gone: Promise<void>;
}

const ROTATE_EVERY_MS = 10_000;

/** Resolves when all is ready. Rejects with a `Fault`, having ended whatever it started. */
export async function raiseStack(options: RaiseOptions): Promise<RaisedStack> {
  const { home, settings, report } = options;
  prepareHome(home);
  const lock = nodeDisk.lockDirectorySync(home.root);
  if ('heldBy' in lock) {
    throw new Fault(
      `${home.root} already has a running supervisor (pid ${lock.heldBy}): see "tidemark ps" and "tidemark down"`,
    );
  }
  // Of what lies here, nothing is torn by a power loss: the brokers look after their own directories.
  lock.recovered();
  try {
    if (options.fresh) clearHome(home);
    const previous = readState(home);
    const cluster = openCluster(home, settings);
    const ids = cluster.brokers.map(({ id }) => id);
    const ports =
      livingProcesses(previous).length > 0
        ? await portsOf(previous, settings, ids)
        : await claimPorts(settings, ids);
    const all = options.plan?.(home) ?? planStack(home, cluster, ports, settings.replicas);
    const plans = options.brokersOnly === true ? all.filter(({ kind }) => kind === 'broker') : all;
    const supervisor = new Supervisor(home, ports, plans, report);
    return await supervise(options, supervisor, new Membership(options, supervisor, cluster, ports), () =>
      lock.release(),
    );
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

async function supervise(
  options: RaiseOptions,
  supervisor: Supervisor,
  membership: Membership,
  release: () => void,
): Promise<RaisedStack> {
  const { home } = options;
  let markGone: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (markGone = resolve));
  const rotation = setInterval(() => rotateLogs(home.logsDirectory), ROTATE_EVERY_MS);
  const shutDown = async (): Promise<void> => {
    await supervisor.shutDown();
    clearInterval(rotation);
    control.close();
    fs.rmSync(runFileOf(home, 'supervisor'), { force: true });
    release();
    markGone();
  };
  const control = await openControlServer(home, {
    list: () => supervisor.list(),
    start: (name) => supervisor.start(name),
    kill: (name, signal) => supervisor.kill(name, signal),
    addBroker: () => membership.add(),
    removeBroker: (id) => membership.remove(id),
    requestDown: () => void shutDown(),
  });
  options.interrupt.addEventListener('abort', () => void shutDown(), { once: true });
  try {
    await supervisor.bringUp();
  } catch (cause) {
    await shutDown();
    throw cause;
  }
  return { list: () => supervisor.list(), killAll: () => supervisor.killAll(), gone };
}

/** The ports that the living processes of the previous supervisor were told, and those of brokers that it did not know. */
async function portsOf(
  previous: SavedState | undefined,
  settings: StackSettings,
  brokerIds: readonly number[],
): Promise<Ports> {
  if (previous === undefined) throw new Fault('the state of the running stack cannot be read');
  const { ports } = previous;
  const unknown = brokerIds.filter((id) => ports.brokers[id] === undefined);
  return { ...ports, brokers: { ...ports.brokers, ...(await claimBrokerPorts(settings, unknown)) } };
}

/** Removes the history: log, database, content, finished jobs. Refuses while anything of it is in use. */
function clearHome(home: Home): void {
  const running = livingProcesses(readState(home));
  if (running.length > 0) {
    throw new Fault(`--fresh: ${running.map((one) => one.name).join(', ')} still run; "tidemark down" first`);
  }
  const jobs = livingJobs(home);
  if (jobs.length > 0) {
    const named = jobs.map((job) => job.token).join(', ');
    throw new Fault(
      `--fresh: ${jobs.length} job(s) still run (${named}); "tidemark up" and "tidemark down --cancel-jobs" end them`,
    );
  }
  removePlace(placeOf(home, findRunUser()));
  // The log of a detached supervisor is its standard output: it is this very process's, and stays.
  const logs = fs.readdirSync(home.logsDirectory).filter((name) => name !== 'supervisor.log');
  for (const gone of [
    ...logs.map((name) => path.join(home.logsDirectory, name)),
    home.runDirectory,
    home.dataDirectory,
    home.contentDirectory,
    home.jobsDirectory,
    home.statePath,
    home.clusterPath,
    home.clusterIdPath,
    home.postgresPasswordPath,
    home.welcomedPath,
  ]) {
    fs.rmSync(gone, { recursive: true, force: true });
  }
  prepareHome(home);
}
