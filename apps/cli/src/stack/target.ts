/**
 * Where the stack is: TIDEMARK_URL and TIDEMARK_API_KEY when they are set, else what the home's state and key file
 * say. Read anew by each command; holds nothing.
 */
import { Fault } from '../console/fault.js';
import { findSupervisor } from '../supervisor/control-client.js';
import { livingProcesses, readState } from '../supervisor/state-file.js';
import { homeFromEnvironment, readLine, type Home } from './home.js';
import { LOOPBACK, type PortKey } from './ports.js';

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
  const port = portOf(home, 'front-door-1', 'httpPort');
  if (port === undefined || apiKey === '') throw noStack(home);
  return { url: `http://${LOOPBACK}:${port}`, apiKey };
}

/** `host:port` of a broker: TIDEMARK_BROKERS (the first), else the home's broker-1. */
export function findBroker(
  home: Home = homeFromEnvironment(),
  environment: NodeJS.ProcessEnv = process.env,
): { readonly host: string; readonly port: number } {
  const named = environment.TIDEMARK_BROKERS ?? '';
  if (named === '') {
    const port = portOf(home, 'broker-1', 'brokerPort');
    if (port === undefined) throw noStack(home);
    return { host: LOOPBACK, port };
  }
  const address = (named.split(',')[0] ?? '').trim();
  const match = /^(.+):(\d{1,5})$/.exec(address);
  if (match === null) throw new Fault(`TIDEMARK_BROKERS is not host:port[,...]: '${address}'`);
  return { host: match[1] ?? '', port: Number(match[2]) };
}

/**
 * The port that the process was told. Nothing when neither it nor a supervisor lives; a process that the supervisor
 * is starting again keeps its port.
 */
function portOf(home: Home, name: string, key: PortKey): number | undefined {
  const state = readState(home);
  const isSupervised = findSupervisor(home) !== undefined;
  const isAlive = livingProcesses(state).some((process) => process.name === name);
  return isSupervised || isAlive ? state?.ports[key] : undefined;
}

function noStack(home: Home): Fault {
  return new Fault(
    `no stack runs in ${home.root}: start one with "tidemark up", or set TIDEMARK_HOME or TIDEMARK_URL`,
  );
}
