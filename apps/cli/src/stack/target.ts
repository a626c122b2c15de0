/**
 * Where the stack is: TIDEMARK_URL and TIDEMARK_API_KEY when they are set, else what the home's state and key file
 * say. Read anew by each command; holds nothing.
 */
import { Fault } from '../console/fault.js';
import { findSupervisor } from '../supervisor/control-client.js';
import type { ProcessKind } from '../supervisor/process-plan.js';
import { livingProcesses, readState } from '../supervisor/state-file.js';
import { homeFromEnvironment, readLine, type Home } from './home.js';
import { LOOPBACK, type Ports } from './ports.js';

export interface ApiTarget {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string;
}

/** Throws a `Fault` that says what to do when there is no stack to be found. */
export function findApi(
  home: Home = homeFromEnvironment(),
  environment: NodeJS.ProcessEnv = process.env,
): ApiTarget {
  const url = environment.TIDEMARK_URL ?? '';
  const apiKey = environment.TIDEMARK_API_KEY ?? readLine(home.apiKeyPath) ?? '';
  if (url !== '') {
    if (!URL.canParse(url)) throw new Fault(`TIDEMARK_URL is not a URL: '${url}'`);
    if (apiKey === '') throw new Fault('TIDEMARK_URL is set, but TIDEMARK_API_KEY is not');
    return { url: url.replace(/\/+$/, ''), apiKey };
  }
  const port = portsOf(home, 'front-door')?.httpPort;
  if (port === undefined || apiKey === '') throw noStack(home);
  return { url: `http://${LOOPBACK}:${port}`, apiKey };
}

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** Where brokers are: what TIDEMARK_BROKERS names, else those of the home. Never none; not all of them need to live. */
export function findBrokers(
  home: Home = homeFromEnvironment(),
  environment: NodeJS.ProcessEnv = process.env,
): readonly BrokerAddress[] {
  const named = environment.TIDEMARK_BROKERS ?? '';
  if (named === '') {
    const ports = portsOf(home, 'broker');
    if (ports === undefined) throw noStack(home);
    return Object.values(ports.brokers).map(({ kafka }) => ({ host: LOOPBACK, port: kafka }));
  }
  return named.split(',').map((text) => {
    const match = /^(.+):(\d{1,5})$/.exec(text.trim());
    if (match === null) throw new Fault(`TIDEMARK_BROKERS is not host:port[,...]: '${text.trim()}'`);
    return { host: match[1] ?? '', port: Number(match[2]) };
  });
}

/**
 * The ports that processes of a kind were told. Nothing when none of them lives, nor a supervisor; what the supervisor
 * is starting again keeps its port.
 */
export function portsOf(home: Home, kind: ProcessKind): Ports | undefined {
  const state = readState(home);
  const isSupervised = findSupervisor(home) !== undefined;
  const isAlive = livingProcesses(state).some((process) => process.kind === kind);
  return isSupervised || isAlive ? state?.ports : undefined;
}

export function noStack(home: Home): Fault {
  return new Fault(
    `no stack runs in ${home.root}: start one with "tidemark up", or set TIDEMARK_HOME or TIDEMARK_URL`,
  );
}
