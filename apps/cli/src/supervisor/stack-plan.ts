/**
 * The plan of the embedded stack: which processes there are, what each is told by its environment, in which order
 * they start and stop, and how to tell that each is ready. Pure but for finding PostgreSQL (`openCluster`).
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../console/fault.js';
import {
  openCluster as openPostgres,
  prepareCluster,
  serverArguments,
  type Cluster,
} from '../postgres/cluster.js';
import { databaseUrl, ensureDatabases, type ClusterAddress } from '../postgres/databases.js';
import { runFileOf, type Home } from '../stack/home.js';
import type { ClusterFile } from '../brokers/cluster-file.js';
import { LOOPBACK, type Ports } from '../stack/ports.js';
import type { RunFile } from '../stack/run-file.js';
import { bootstrapOf, brokerName, brokerPlan } from '../brokers/broker-plan.js';
import type { ProcessKind, ProcessPlan } from './process-plan.js';

/** The clone: this file is apps/cli/{src,dist}/supervisor/stack-plan. */
export const CLONE_ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

const PROBE_BOUND_MS = 1_000;

/** What must be ready before a process is started, besides brokers. The front door itself waits for an API server. */
const AFTER: Readonly<Record<ProcessKind, readonly string[]>> = {
  broker: [],
  postgres: [],
  'metadata-server': ['postgres-1'],
  'application-manager': [],
  'api-server': [],
  'front-door': [],
};

/** Who works on topics, and so starts when the cluster of brokers serves. */
const CLIENTS: ReadonlySet<ProcessKind> = new Set([
  'metadata-server',
  'application-manager',
  'api-server',
  'front-door',
]);

/** Order of stop: first who lets requests in, last who keeps what was said. With the grace each gets. */
const STOP: Readonly<Record<ProcessKind, readonly [wave: number, boundMs: number]>> = {
  'front-door': [1, 5_000],
  'api-server': [2, 8_000],
  'application-manager': [3, 10_000],
  'metadata-server': [4, 10_000],
  broker: [5, 20_000],
  postgres: [6, 10_000],
};

interface Stack {
  readonly home: Home;
  readonly cluster: ClusterFile;
  readonly ports: Ports;
  readonly inherited: Readonly<Record<string, string>>;
}

/** Throws a `Fault` when a program is not built or PostgreSQL is not to be had. */
export function planStack(home: Home, brokers: ClusterFile, ports: Ports, replicas: number): ProcessPlan[] {
  const stack = stackOf(home, brokers, ports);
  const cluster = openPostgres(home);
  const metadataServers = names('metadata-server', replicas);
  const address = { port: ports.postgresPort, password: cluster.password };
  return [
    ...brokers.brokers.map(({ id }) => planBroker(home, brokers, ports, id)),
    planPostgres(cluster, ports.postgresPort, metadataServers),
    ...metadataServers.map((name) =>
      servicePlan(stack, 'metadata-server', name, { TIDEMARK_DATABASE_URL: databaseUrl(address, name) }),
    ),
    ...names('application-manager', replicas).map((name) =>
      servicePlan(stack, 'application-manager', name, { TIDEMARK_JOBS: home.jobsDirectory }),
    ),
    ...names('api-server', replicas).map((name) =>
      servicePlan(stack, 'api-server', name, { TIDEMARK_API_KEY_FILE: home.apiKeyPath }),
    ),
    frontDoorPlan(stack),
  ];
}

export function planBroker(home: Home, cluster: ClusterFile, ports: Ports, id: number): ProcessPlan {
  const base = nodePlan(stackOf(home, cluster, ports), 'broker', brokerName(id), {});
  return brokerPlan(home, cluster, ports, id, base);
}

function stackOf(home: Home, cluster: ClusterFile, ports: Ports): Stack {
  return { home, cluster, ports, inherited: inheritedEnvironment(process.env) };
}

function names(kind: ProcessKind, count: number): string[] {
  return Array.from({ length: count }, (_unused, index) => `${kind}-${index + 1}`);
}

export function planPostgres(cluster: Cluster, port: number, databases: readonly string[]): ProcessPlan {
  const address: ClusterAddress = { port, password: cluster.password };
  const listen = `${LOOPBACK}:${address.port}`;
  return {
    ...commonPlan('postgres', 'postgres-1'),
    file: cluster.programs.postgres,
    args: serverArguments(cluster.place, address.port),
    environment: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' },
    directory: '/',
    ...(cluster.user === undefined ? {} : { user: { uid: cluster.user.uid, gid: cluster.user.gid } }),
    // "Fast shutdown": open connections are ended, data is flushed.
    stopSignal: 'SIGINT',
    prepare: () => prepareCluster(cluster),
    publishedAddresses: { postgres: listen },
    probe: async () => {
      await ensureDatabases(address, databases);
      return true;
    },
    address: () => listen,
  };
}

function servicePlan(
  stack: Stack,
  kind: ProcessKind,
  name: string,
  environment: Readonly<Record<string, string>>,
): ProcessPlan {
  return nodePlan(stack, kind, name, {
    TIDEMARK_BROKERS: bootstrapOf(stack.ports),
    TIDEMARK_LISTEN: `${LOOPBACK}:0`,
    TIDEMARK_CONTENT: stack.home.contentDirectory,
    ...environment,
  });
}

function frontDoorPlan(stack: Stack): ProcessPlan {
  const plan = nodePlan(stack, 'front-door', 'front-door-1', {
    TIDEMARK_LISTEN: `${LOOPBACK}:${stack.ports.httpPort}`,
    TIDEMARK_RUN_DIRECTORY: stack.home.runDirectory,
  });
  return {
    ...plan,
    args: [programOf('cli', 'front-door/main.js')],
    probe: (run) => answersReady(run.addresses.http, '/front-door/readyz'),
    address: (run) => `http://${run.addresses.http ?? ''}`,
  };
}

/**
 * A cluster that has served before serves with most of its brokers. At the very first start all must come: topics are
 * made then, and get as many replicas as there are brokers.
 */
function afterBrokers(
  { brokers }: ClusterFile,
  others: readonly string[],
): Pick<ProcessPlan, 'after' | 'afterMostOf'> {
  const names = brokers.map(({ id }) => brokerName(id));
  const isFirstStart = brokers.some(({ voter, formatted }) => voter && !formatted);
  return isFirstStart
    ? { after: [...others, ...names], afterMostOf: [] }
    : { after: others, afterMostOf: names };
}

/** A Node program of ours that publishes its own run file and serves /readyz. */
function nodePlan(
  stack: Stack,
  kind: ProcessKind,
  name: string,
  environment: Readonly<Record<string, string>>,
): ProcessPlan {
  return {
    ...commonPlan(kind, name),
    ...(CLIENTS.has(kind) ? afterBrokers(stack.cluster, AFTER[kind]) : {}),
    file: process.execPath,
    args: kind === 'front-door' ? [] : [programOf(kind, 'main.js')],
    environment: {
      ...stack.inherited,
      TIDEMARK_NAME: name,
      TIDEMARK_RUN_FILE: runFileOf(stack.home, name),
      ...environment,
    },
    directory: stack.home.root,
    probe: (run) => answersReady(run.addresses.http, '/readyz'),
    address: (run) => `http://${run.addresses.http ?? ''}`,
  };
}

function commonPlan(kind: ProcessKind, name: string) {
  const [stopWave, stopBoundMs] = STOP[kind];
  return {
    kind,
    name,
    after: AFTER[kind],
    afterMostOf: [],
    stopWave,
    stopBoundMs,
    stopSignal: 'SIGTERM' as const,
  };
}

function programOf(app: string, file: string): string {
  const program = path.join(CLONE_ROOT, 'apps', app, 'dist', file);
  if (!fs.existsSync(program)) throw new Fault(`apps/${app} is not built: run "npm run build"`);
  return program;
}

/** What every process inherits: the caller's environment without what npm and the CLI's own settings put there. */
function inheritedEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const own =
    /^(npm_|INIT_CWD$|TIDEMARK_(URL|API_KEY|HOME|REPLICAS|BROKER_COUNT|BROKERS|VOTERS|DIRECTORY_ID|.*_PORT)$)/;
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !own.test(entry[0]),
    ),
  );
}

async function answersReady(
  address: RunFile['addresses'][string] | undefined,
  route: string,
): Promise<boolean> {
  if (address === undefined) return false;
  const response = await fetch(`http://${address}${route}`, { signal: AbortSignal.timeout(PROBE_BOUND_MS) });
  await response.arrayBuffer();
  return response.ok;
}
