/**
 * The front door before real HTTP servers that answer, refuse, hang or break off: what it tries again, and what
 * never.
 */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeProcesses } from '@tidemark/platform/node';
import type { FastifyInstance } from 'fastify';
import { runFileOf, type Home } from '../stack/home.js';
import { writeRunFile } from '../stack/run-file.js';
import { makeHome, removeHome, until } from '../supervisor/testing/fake-stack.js';
import { logLines, openFrontDoor, type FrontDoorLimits } from './front-door.js';
import { ReplicaSet } from './replica-set.js';

const LIMITS: FrontDoorLimits = { answerBoundMs: 4_000, attemptBoundMs: 500, noReplicaBoundMs: 300 };

type Handler = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

/** An API replica in this process: a run file, /readyz, and a handler that the test gives it. */
class FakeReplica {
  readonly seen: string[] = [];
  handler: Handler = (_request, response) => response.end(this.name);
  isReady = true;
  readonly #server: http.Server;
  readonly #sockets = new Set<import('node:net').Socket>();

  constructor(
    readonly name: string,
    private readonly home: Home,
  ) {
    this.#server = http.createServer((request, response) => {
      if (request.url === '/readyz') {
        response.writeHead(this.isReady ? 200 : 503).end();
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        this.seen.push(`${request.method ?? ''} ${request.url ?? ''} ${body}`);
        this.handler(request, response, body);
      });
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    const identity = nodeProcesses.identify(process.pid);
    if (identity === undefined) throw new Error('no identity');
    writeRunFile(runFileOf(this.home, this.name), {
      name: this.name,
      kind: 'api-server',
      ...identity,
      addresses: { http: `127.0.0.1:${port}` },
      startedAt: '',
    });
  }

  /** As a kill -9 does: the listener and every connection are gone at once. */
  die(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

// Real processes on a machine that may be busy.
jest.setTimeout(90_000);

describe('front door', () => {
  let home: Home;
  let replicas: ReplicaSet;
  let door: FastifyInstance;
  let url: string;
  let fakes: FakeReplica[];

  beforeEach(async () => {
    home = makeHome();
    replicas = new ReplicaSet(home.runDirectory);
    fakes = [];
    door = await openFrontDoor(replicas, LIMITS, logLines('front-door-1', 'silent'));
    url = await door.listen({ host: '127.0.0.1', port: 0 });
  });

  afterEach(async () => {
    replicas.stop();
    for (const fake of fakes) fake.die();
    await door.close();
    removeHome(home);
  });

  const start = async (...names: string[]): Promise<FakeReplica[]> => {
    for (const name of names) {
      const fake = new FakeReplica(name, home);
      await fake.listen();
      fakes.push(fake);
    }
    replicas.start();
    await until(
      () => replicas.replicas.filter((replica) => replica.health === 'ready').length,
      (count) => count === names.length,
    );
    return fakes;
  };
  const killOnRequest = (fake: FakeReplica): void => {
    fake.handler = (request) => {
      request.socket.destroy();
      fake.die();
    };
  };
  const first = (list: FakeReplica[]): [FakeReplica, FakeReplica] => [list[0]!, list[1]!];

  it('balances over the replicas', async () => {
    const [one, two] = first(await start('api-server-1', 'api-server-2'));
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => (await fetch(`${url}/v1/x?a=b`)).text()),
    );
    expect(new Set(answers)).toEqual(new Set(['api-server-1', 'api-server-2']));
    expect(one.seen.length + two.seen.length).toBe(10);
    expect(one.seen.every((line) => line === 'GET /v1/x?a=b ')).toBe(true);
  });

  it.each([
    ['GET', undefined, undefined],
    ['HEAD', undefined, undefined],
    ['POST', '{"a":1}', 'key-1'],
  ])('hides a replica that dies under a %s', async (method, body, key) => {
    const [one, two] = first(await start('api-server-1', 'api-server-2'));
    killOnRequest(one);
    for (let index = 0; index < 4; index += 1) {
      const response = await fetch(`${url}/v1/experiments`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body }),
      });
      expect(response.status).toBe(200);
    }
    expect(one.seen).toHaveLength(1);
    expect(two.seen).toHaveLength(4);
    expect(two.seen[0]).toBe(`${method} /v1/experiments ${body ?? ''}`);
  });

  it('sends a POST without a key to one replica only, and says so', async () => {
    const list = await start('api-server-1', 'api-server-2');
    for (const fake of list) fake.handler = (request) => request.socket.destroy();
    const response = await fetch(`${url}/v1/experiments`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ type: 'urn:tidemark:problem:replica-lost', status: 502 });
    expect(list.flatMap((fake) => fake.seen)).toHaveLength(1);
  });

  it('tries another when the connection was refused, since nobody received anything', async () => {
    const [one, two] = first(await start('api-server-1', 'api-server-2'));
    one.die();
    // Straight away, before the next look at its health.
    const statuses = await Promise.all(
      Array.from(
        { length: 4 },
        async () => (await fetch(`${url}/v1/x`, { method: 'POST', body: 'x' })).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect(two.seen).toHaveLength(4);
  });

  it('never sends anything again once a byte of the response is out', async () => {
    const list = await start('api-server-1', 'api-server-2');
    for (const fake of list) {
      fake.handler = (request, response) => {
        response.write('half');
        setImmediate(() => request.socket.destroy());
      };
    }
    await expect(fetch(`${url}/v1/x`).then((response) => response.text())).rejects.toThrow();
    expect(list.flatMap((fake) => fake.seen)).toHaveLength(1);
  });

  it('passes event streams through as they come', async () => {
    const [one] = await start('api-server-1');
    let send: (text: string) => void = () => undefined;
    one!.handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      send = (text) => response.end(text);
    };
    const response = await fetch(`${url}/v1/x/events`, { headers: { accept: 'text/event-stream' } });
    const reader = response.body!.getReader();
    const text = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await text()).toBe('data: 1\n\n');
    send('data: 2\n\n');
    expect(await text()).toBe('data: 2\n\n');
    expect((await reader.read()).done).toBe(true);
  });

  it('lets a stream be silent for longer than a request may wait', async () => {
    const [one] = first(await start('api-server-1'));
    one.handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setTimeout(() => response.end('data: 2\n\n'), 6 * LIMITS.attemptBoundMs);
    };
    const response = await fetch(`${url}/v1/experiments/x/events`);
    expect(await response.text()).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('passes bodies, types and answers through unchanged, large ones too', async () => {
    const [one] = await start('api-server-1');
    one!.handler = (request, response, body) => {
      response.writeHead(418, { 'x-type': request.headers['content-type'] ?? '', 'log-position': 'a/0@1' });
      response.end(body);
    };
    for (const size of [0, 10, 3_000_000]) {
      const body = 'ä'.repeat(size);
      const response = await fetch(`${url}/v1/x`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body,
      });
      expect(response.status).toBe(418);
      expect(response.headers.get('log-position')).toBe('a/0@1');
      expect(response.headers.get('x-type')).toBe('application/json; charset=utf-8');
      expect((await response.text()) === body).toBe(true);
    }
  });

  it('answers in time when a replica hangs, and when all do', async () => {
    const [one, two] = first(await start('api-server-1', 'api-server-2'));
    one.handler = () => undefined;
    const answers = await Promise.all([fetch(`${url}/v1/x`), fetch(`${url}/v1/x`)]);
    expect(answers.map((response) => response.status)).toEqual([200, 200]);
    two.handler = () => undefined;
    const begun = Date.now();
    const late = await fetch(`${url}/v1/x`);
    expect([502, 503, 504]).toContain(late.status);
    expect(Date.now() - begun).toBeLessThan(LIMITS.answerBoundMs + 1_000);
  });

  it('waits for a replica a moment, then says that there is none and when to come again', async () => {
    replicas.start();
    const nobody = await fetch(`${url}/v1/x`);
    expect(nobody.status).toBe(503);
    expect(nobody.headers.get('retry-after')).toBe('1');
    expect(await nobody.json()).toMatchObject({ type: 'urn:tidemark:problem:no-replica' });
    const waiting = fetch(`${url}/v1/x`);
    await start('api-server-1');
    expect((await waiting).status).toBe(200);
  });

  it('answers for itself what is about a process, and shows the figures of none', async () => {
    const [one] = first(await start('api-server-1'));
    const answers = await Promise.all(
      ['/healthz', '/readyz', '/metrics', '/%6detrics'].map((path) => fetch(`${url}${path}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404]);
    const problem = { type: 'urn:tidemark:problem:not-found', status: 404, instance: '/metrics' };
    expect(await answers[2]?.json()).toMatchObject(problem);
    expect(one.seen).toEqual([]);
    for (const path of ['/openapi.json', '/docs', '/problems/internal', '/v1/experiments']) {
      expect(await (await fetch(`${url}${path}`)).text()).toBe('api-server-1');
    }
    one.isReady = false;
    await until(
      () => replicas.replicas.map((replica) => replica.health),
      (healths) => healths.includes('answering'),
    );
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('prefers replicas that are ready, but uses one that only answers rather than none', async () => {
    const [one, two] = first(await start('api-server-1', 'api-server-2'));
    one.isReady = false;
    await until(
      () => replicas.replicas.map((replica) => replica.health),
      (healths) => healths.includes('answering'),
    );
    expect(await (await fetch(`${url}/v1/x`)).text()).toBe('api-server-2');
    two.die();
    await until(
      () => replicas.replicas.map((replica) => replica.health),
      (healths) => healths.includes('silent'),
    );
    expect(await (await fetch(`${url}/v1/x`)).text()).toBe('api-server-1');
    expect((await fetch(`${url}/front-door/readyz`)).status).toBe(503);
  });
});
