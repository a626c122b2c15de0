/**
 * The supervisor's ear: HTTP on a free port of 127.0.0.1, for the commands `ps`, `kill`, `start` and `down` of the
 * same home. Whoever can read `<home>/run/supervisor.json` (mode 0600) has the token. Holds no state.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault, reasonOf } from '../console/fault.js';
import { runFileOf, type Home } from '../stack/home.js';
import { LOOPBACK } from '../stack/ports.js';
import { writeRunFile } from '../stack/run-file.js';
import { ownIdentity } from './child.js';
import type { ProcessRow } from './process-plan.js';

export interface Commanded {
  list(): ProcessRow[];
  start(name: string): void;
  kill(name: string, signal: NodeJS.Signals): void;
  /** Starts one broker more; answers its id. */
  addBroker(): Promise<number>;
  /** Ends a broker for good. */
  removeBroker(id: number): Promise<void>;
  /** Begins to end everything; does not wait. */
  requestDown(): void;
}

export interface ControlServer {
  close(): void;
}

const BODY_MAX_BYTES = 4096;

/** Listens, then publishes where and with which token. */
export async function openControlServer(home: Home, commanded: Commanded): Promise<ControlServer> {
  const token = randomBytes(32).toString('base64url');
  const server = http.createServer((request, response) => {
    void answer(request, token, commanded).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  writeRunFile(runFileOf(home, 'supervisor'), {
    name: 'supervisor',
    kind: 'supervisor',
    ...ownIdentity(),
    addresses: { control: `${LOOPBACK}:${port}` },
    startedAt: new Date().toISOString(),
    token,
  });
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  request: http.IncomingMessage,
  token: string,
  commanded: Commanded,
): Promise<[number, unknown]> {
  if (!isAuthorized(request.headers.authorization, token)) return [401, { error: 'wrong token' }];
  try {
    const body = await readBody(request);
    return [200, await perform(`${request.method ?? ''} ${request.url ?? ''}`, body, commanded)];
  } catch (cause) {
    return [cause instanceof Fault ? 409 : 500, { error: reasonOf(cause) }];
  }
}

async function perform(
  route: string,
  body: Readonly<Record<string, unknown>>,
  commanded: Commanded,
): Promise<unknown> {
  const name = typeof body.name === 'string' ? body.name : '';
  switch (route) {
    case 'GET /processes':
      return commanded.list();
    case 'POST /start':
      commanded.start(name);
      return { started: name };
    case 'POST /kill': {
      const signal = String(body.signal) as NodeJS.Signals;
      commanded.kill(name, signal);
      return { killed: name, signal };
    }
    case 'POST /brokers/add':
      return { id: await commanded.addBroker() };
    case 'POST /brokers/remove':
      await commanded.removeBroker(Number(body.id));
      return { removed: Number(body.id) };
    case 'POST /down':
      commanded.requestDown();
      return { stopping: true };
    default:
      throw new Fault(`the supervisor does not know '${route}'`);
  }
}

function isAuthorized(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(request: http.IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_MAX_BYTES) throw new Fault('too long');
  }
  if (text === '') return {};
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
