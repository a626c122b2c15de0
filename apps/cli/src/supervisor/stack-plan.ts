/**
 * The plan of the embedded stack: which processes there are, what each is told by its environment, in which order
 * they start and stop, and how to tell that each is ready. Pure but for finding PostgreSQL (`openCluster`).
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../console/fault.js';
import { openCluster, prepareCluster, serverArguments, type Cluster } from '../postgres/cluster.js';
import { databaseUrl, ensureDatabases, type ClusterAddress } from '../postgres/databases.js';
import { readLine, runFileOf, type Home } from '../stack/home.js';
import { LOOPBACK, type Ports } from '../stack/ports.js';
import type { RunFile } from '../stack/run-file.js';
import type { ProcessKind, ProcessPlan } from './process-plan.js';

/** The clone: this file is apps/cli/{src,dist}/supervisor/stack-plan. */
export const CLONE_ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

const PROBE_BOUND_MS = 1_000;

/** What must be ready before a process is started. The front door itself waits for an API server. */
const AFTER: Readonly<Record<ProcessKind, readonly string[]>> = {
  broker: [],
  postgres: [],
  'metadata-server': ['broker-1', 'postgres-1'],
  'application-manager': ['broker-1'],
  'api-server': ['broker-1'],
  'front-door': ['broker-1'],
};

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
  readonly ports: Ports;
  readonly replicas: number;
  readonly inherited: Readonly<Record<string, string>>;
}

/** Throws a `Fault` when a program is not built or PostgreSQL is not to be had. */
export function planStack(home: Home, ports: Ports, replicas: number): ProcessPlan[] {
  const stack: Stack = { home, ports, replicas, inherited: inheritedEnvironment(process.env) };
  const cluster = openCluster(home);
  const metadataServers = names('metadata-server', replicas);
  const address = { port: ports.postgresPort, password: cluster.password };
  return [
    brokerPlan(stack),
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

function names(kind: ProcessKind, count: number): string[] {
  return Array.from({ length: count }, (_unused, index) => `${kind}-${index + 1}`);
}

function brokerPlan(stack: Stack): ProcessPlan {
  const listen = `${LOOPBACK}:${stack.ports.brokerPort}`;
  return {
    ...nodePlan(stack, 'broker', 'broker-1', {
      TIDEMARK_NODE_ID: '1',
      TIDEMARK_CLUSTER_ID: readLine(stack.home.clusterIdPath) ?? '',
      TIDEMARK_DATA: path.join(stack.home.dataDirectory, 'broker-1'),
      TIDEMARK_LISTEN: listen,
      TIDEMARK_ADVERTISED: listen,
      TIDEMARK_ADMIN_LISTEN: `${LOOPBACK}:${stack.ports.brokerAdminPort}`,
      // The platform creates its own topics with the right number of partitions; a typing error must not.
      TIDEMARK_KAFKA_AUTO_CREATE_TOPICS_EXCLUDE: 'tidemark.',
      TIDEMARK_KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    }),
    probe: (run) => answersReady(run.addresses.admin, '/readyz'),
    address: (run) => run.addresses.kafka ?? listen,
  };
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
    TIDEMARK_BROKERS: `${LOOPBACK}:${stack.ports.brokerPort}`,
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

/** A Node program of ours that publishes its own run file and serves /readyz. */
function nodePlan(
  stack: Stack,
  kind: ProcessKind,
  name: string,
  environment: Readonly<Record<string, string>>,
): ProcessPlan {
  return {
    ...commonPlan(kind, name),
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
  return { kind, name, after: AFTER[kind], stopWave, stopBoundMs, stopSignal: 'SIGTERM' as const };
}

function programOf(app: string, file: string): string {
  const program = path.join(CLONE_ROOT, 'apps', app, 'dist', file);
  if (!fs.existsSync(program)) throw new Fault(`apps/${app} is not built: run "npm run build"`);
  return program;
}

/** What every process inherits: the caller's environment without what npm and the CLI's own settings put there. */
function inheritedEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const own = /^(npm_|INIT_CWD$|TIDEMARK_(URL|API_KEY|HOME|REPLICAS|.*_PORT)$)/;
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
