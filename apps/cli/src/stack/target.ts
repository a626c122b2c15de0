/**
 * Where the stack is: TIDEMARK_URL and TIDEMARK_API_KEY when they are set, else what the home's run files and key
 * file say. Read anew by each command; holds nothing.
 */
import { Fault } from '../console/fault.js';
import { homeFromEnvironment, readLine, runFileOf, type Home } from './home.js';
import { readRunFile } from './run-file.js';

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
  const address = readRunFile(runFileOf(home, 'front-door-1'))?.addresses.http;
  if (address === undefined || apiKey === '') throw noStack(home);
  return { url: `http://${address}`, apiKey };
}

/** `host:port` of a broker: TIDEMARK_BROKERS (the first), else the home's broker-1. */
export function findBroker(
  home: Home = homeFromEnvironment(),
  environment: NodeJS.ProcessEnv = process.env,
): { readonly host: string; readonly port: number } {
  const named = environment.TIDEMARK_BROKERS ?? '';
  const address =
    named === '' ? readRunFile(runFileOf(home, 'broker-1'))?.addresses.kafka : named.split(',')[0];
  if (address === undefined) throw noStack(home);
  const match = /^(.+):(\d{1,5})$/.exec(address.trim());
  if (match === null) throw new Fault(`the broker's address is not host:port: '${address}'`);
  return { host: match[1] ?? '', port: Number(match[2]) };
}

function noStack(home: Home): Fault {
  return new Fault(
    `no stack in ${home.root}: start one with "tidemark up", or set TIDEMARK_HOME or TIDEMARK_URL`,
  );
}
