/**
 * Entry of `front-door-1`. Environment: TIDEMARK_NAME, TIDEMARK_RUN_FILE, TIDEMARK_LISTEN (host:port),
 * TIDEMARK_RUN_DIRECTORY (where the API replicas publish themselves), TIDEMARK_LOG_LEVEL. Faults in it are reported
 * together, exit code 78. SIGTERM lets requests under way finish, for a moment, removes the run file and exits 0.
 */
import type { AddressInfo } from 'node:net';
import { nodeProcesses } from '@tidemark/platform/node';
import { removeRunFile, writeRunFile } from '../stack/run-file.js';
import { DEFAULT_LIMITS, logLines, openFrontDoor } from './front-door.js';
import { ReplicaSet } from './replica-set.js';

const EXIT_CONFIGURATION = 78;
const DRAIN_BOUND_MS = 2_000;

interface Configuration {
  readonly name: string;
  readonly runFile: string;
  readonly runDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
}

function readConfiguration(environment: NodeJS.ProcessEnv): Configuration | readonly string[] {
  const faults: string[] = [];
  const required = (variable: string): string => {
    const value = environment[variable] ?? '';
    if (value === '') faults.push(`${variable} must be set`);
    return value;
  };
  const [runFile, runDirectory] = [required('TIDEMARK_RUN_FILE'), required('TIDEMARK_RUN_DIRECTORY')];
  const listen = /^(.+):(\d{1,5})$/.exec(environment.TIDEMARK_LISTEN ?? '127.0.0.1:8080');
  const port = Number(listen?.[2]);
  if (listen === null || port > 65_535) faults.push('TIDEMARK_LISTEN must be host:port');
  if (faults.length > 0) return faults;
  const name = environment.TIDEMARK_NAME ?? 'front-door-1';
  const logLevel = environment.TIDEMARK_LOG_LEVEL ?? 'info';
  return { name, runFile, runDirectory, host: listen?.[1] ?? '', port, logLevel };
}

async function main(): Promise<void> {
  const configuration = readConfiguration(process.env);
  if ('length' in configuration) {
    process.stderr.write(`${configuration.join('\n')}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
  const replicas = new ReplicaSet(configuration.runDirectory);
  const server = await openFrontDoor(
    replicas,
    DEFAULT_LIMITS,
    logLines(configuration.name, configuration.logLevel),
  );
  replicas.start();
  await server.listen({ host: configuration.host, port: configuration.port });
  const { address, port } = server.server.address() as AddressInfo;
  const identity = nodeProcesses.identify(process.pid) ?? { pid: process.pid, startTime: 0, bootId: '' };
  writeRunFile(configuration.runFile, {
    name: configuration.name,
    kind: 'front-door',
    ...identity,
    addresses: { http: `${address}:${port}` },
    startedAt: new Date().toISOString(),
  });
  const drain = (): void => {
    replicas.stop();
    const end = (): void => {
      removeRunFile(configuration.runFile);
      process.exit(0);
    };
    setTimeout(end, DRAIN_BOUND_MS).unref();
    void server.close().then(end);
  };
  process.once('SIGTERM', drain);
  process.once('SIGINT', drain);
}

main().catch((cause: unknown) => {
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exit(1);
});
