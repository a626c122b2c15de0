/** What a command line becomes on its way to the API: typed values, uploads, keys, and patience with a lost replica. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiClient } from './api-client.js';
import { submitExperiment } from './submission.js';

interface Seen {
  readonly route: string;
  readonly key: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

const APPLICATION = {
  name: 'demo',
  version: '1',
  inputs: ['STRING', 'INTEGER', 'FLOAT', 'BOOLEAN'].map((type) => ({ name: type.toLowerCase(), type })),
};

describe('submission', () => {
  let server: http.Server;
  let api: ApiClient;
  let seen: Seen[];
  let failures: number;

  beforeEach(async () => {
    seen = [];
    failures = 0;
    server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const route = `${request.method ?? ''} ${request.url ?? ''}`;
        const { authorization } = request.headers;
        seen.push({
          route,
          key: request.headers['idempotency-key'] as string | undefined,
          authorization,
          body,
        });
        answer(route, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    api = new ApiClient({ url: `http://127.0.0.1:${port}`, apiKey: 'tmk_secret' });
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const answer = (route: string, response: http.ServerResponse): void => {
    if (failures > 0) {
      failures -= 1;
      response.writeHead(503, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: 'x', title: 'Nobody', status: 503 }));
    } else if (route.startsWith('GET /v1/applications/')) response.end(JSON.stringify(APPLICATION));
    else if (route === 'POST /v1/data-products') response.writeHead(201).end(JSON.stringify({ id: 'dp_1' }));
    else if (route === 'POST /v1/experiments') {
      response.writeHead(202).end(JSON.stringify({ id: 'exp_1', status: 'LAUNCHED', position: '' }));
    } else response.writeHead(404).end();
  };
  const submitted = (): Seen => seen.find(({ route }) => route === 'POST /v1/experiments') ?? seen[0]!;
  const inputsOf = ({ body }: Seen): unknown => (JSON.parse(body) as { inputs: unknown }).inputs;

  it('gives each value the type that the application declares, and leaves nonsense for the API to refuse', async () => {
    const values = ['string=1', 'integer=2', 'float=2.5', 'boolean=true', 'unknown=3'];
    await submitExperiment(api, { application: 'demo', values, files: [] });
    expect(inputsOf(submitted())).toEqual({
      string: '1',
      integer: 2,
      float: 2.5,
      boolean: true,
      unknown: '3',
    });
    seen.length = 0;
    await submitExperiment(api, {
      application: 'demo',
      values: ['integer=two', 'boolean=yes', 'string=a=b'],
      files: [],
    });
    expect(inputsOf(submitted())).toEqual({ integer: 'two', boolean: 'yes', string: 'a=b' });
  });

  it('uploads files and names their data products', async () => {
    await submitExperiment(api, {
      application: 'demo@2',
      values: [],
      files: [`text=${import.meta.filename}`],
    });
    expect(seen.map(({ route }) => route)).toEqual(['POST /v1/data-products', 'POST /v1/experiments']);
    expect(seen[0]?.body).toContain('filename="submission.spec.ts"');
    expect(JSON.parse(submitted().body)).toEqual({
      application: { name: 'demo', version: '2' },
      inputs: { text: 'dp_1' },
    });
  });

  it('always sends a key, the same at every try', async () => {
    failures = 2;
    await submitExperiment(api, { application: 'demo', values: [], files: [] });
    const keys = seen.map(({ key }) => key);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(submitted().authorization).toBe('Bearer tmk_secret');
  });

  it('sends the key that it is told', async () => {
    await submitExperiment(api, { application: 'demo', values: [], files: [], key: 'mine' });
    expect(submitted().key).toBe('mine');
  });

  it.each([
    ['values', { values: ['novalue'], files: [] }, "-i takes name=value, not 'novalue'"],
    ['files', { values: [], files: ['=x'] }, "-f takes name=value, not '=x'"],
    ['missing files', { values: [], files: ['a=/does/not/exist'] }, '/does/not/exist cannot be read: ENOENT'],
  ])('refuses bad %s before anything is submitted', async (_name, given, message) => {
    await expect(submitExperiment(api, { application: 'demo', ...given })).rejects.toThrow(message);
    expect(seen.filter(({ route }) => route === 'POST /v1/experiments')).toEqual([]);
  });

  it('tells in one line what the API refuses', async () => {
    await expect(api.json('/nowhere')).rejects.toThrow('the API answered 404 Not Found');
  });
});
