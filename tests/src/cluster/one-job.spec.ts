// One job, end to end, on the real stack: what a user submits over HTTP or by the CLI passes through every topic and
// comes back; whatever he may get wrong is answered clearly.
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Stack, type Experiment } from '../harness/stack.js';
import { eventually } from '../harness/eventually.js';

const README = join(import.meta.dirname, '../../../README.md');
const TERMINAL = ['COMPLETED', 'FAILED', 'CANCELED'];

describe('one job, end to end', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.up();
  }, 180_000);
  afterAll(() => stack.destroy(), 120_000);

  /** Pids of a job that is running, as its files say. */
  const childOf = (token: string): number => {
    const started = join(stack.home, 'jobs', token, '.tidemark-job', 'started.json');
    return (JSON.parse(readFileSync(started, 'utf8')) as { childPid: number }).childPid;
  };
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    } catch {
      return false;
    }
  };
  const running = async (id: string): Promise<string> => {
    const { processes } = await stack.until(id, ['EXECUTING']);
    const token = processes[0]?.jobs.at(-1)?.token ?? '';
    await eventually(() => existsSync(join(stack.home, 'jobs', token, '.tidemark-job', 'started.json')));
    return token;
  };

  it('lists every process with its state', async () => {
    const rows = await stack.ps();
    expect(rows.map(({ name, state }) => [name, state]).sort()).toEqual(
      [
        'api-server-1',
        'api-server-2',
        'application-manager-1',
        'application-manager-2',
        'broker-1',
        'broker-2',
        'broker-3',
        'front-door-1',
        'metadata-server-1',
        'metadata-server-2',
        'postgres-1',
      ].map((name) => [name, 'running']),
    );
  });

  it('counts the words of a file as wc does, and keeps its outputs', async () => {
    const result = await stack.json<Experiment>(['submit', 'word-count', '-f', `text=${README}`, '--wait']);
    expect(result).toMatchObject({ status: 'COMPLETED', exitCode: 0 });
    const words = readFileSync(README, 'utf8')
      .split(/\s+/)
      .filter((word) => word !== '').length;
    const output = await stack.cli(['output', result.id]);
    expect(Number(/\d+/.exec(output.stdout)?.[0])).toBe(words);
    const [product] = result.outputs;
    const { body } = await stack.http('GET', `/v1/data-products/${product?.id}/content`);
    expect(Object.keys(body).length).toBeGreaterThan(0);
  }, 60_000);

  it('takes the same Idempotency-Key once', async () => {
    const first = await stack.submit('true', {}, 'same-key');
    const second = await stack.submit('true', {}, 'same-key');
    const other = await stack.submit('sleep', { seconds: 1 }, 'same-key');
    expect([first.status, second.status, other.status]).toEqual([202, 200, 422]);
    expect(second.body.id).toBe(first.body.id);
    expect(other.body).toMatchObject({ type: '/problems/idempotency-key-reused', status: 422 });
    expect(other.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    await stack.until(String(first.body.id), ['COMPLETED']);
  }, 60_000);

  it('tells an exit code from success', async () => {
    const failed = await stack.json<Experiment>(['submit', 'exit-code', '-i', 'code=3', '--wait'], [1]);
    expect(failed).toMatchObject({ status: 'FAILED', exitCode: 3, reasonCode: 'APP_EXIT_NONZERO' });
  }, 60_000);

  it('cancels a running job until its process is really gone', async () => {
    const { body } = await stack.submit('sleep', { seconds: 600 }, 'to-cancel');
    const id = String(body.id);
    const pid = childOf(await running(id));
    expect(alive(pid)).toBe(true);
    expect((await stack.cli(['cancel', id])).status).toBe(0);
    const ended = await stack.until(id, TERMINAL);
    expect([ended.status, alive(pid)]).toEqual(['CANCELED', false]);
    const again = await stack.http('POST', `/v1/experiments/${id}:cancel`);
    expect([again.status, again.body.type]).toEqual([409, '/problems/already-terminal']);
  }, 60_000);

  it('never calls a job complete that was killed from outside', async () => {
    const { body } = await stack.submit('sleep', { seconds: 600 }, 'to-kill');
    const id = String(body.id);
    process.kill(childOf(await running(id)), 'SIGKILL');
    const ended = await stack.until(id, TERMINAL);
    expect([ended.status, ended.reasonCode]).toEqual(['FAILED', 'APP_SIGNALED']);
  }, 60_000);

  it('streams events that resume by position, on any replica', async () => {
    const { body } = await stack.submit('true', {}, 'to-follow');
    const id = String(body.id);
    await stack.until(id, ['COMPLETED']);
    const read = async (lastEventId?: string): Promise<string[]> => {
      const answer = await fetch(`${stack.url}/v1/experiments/${id}/events`, {
        headers: {
          authorization: `Bearer ${stack.apiKey}`,
          accept: 'text/event-stream',
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        },
        signal: AbortSignal.timeout(20_000),
      });
      return [...(await answer.text()).matchAll(/^id: (.*)\nevent: (.*)$/gm)].map(
        (match) => `${match[1]} ${match[2]}`,
      );
    };
    const all = await read();
    expect(all[0]).toMatch(/ExperimentCreated$/);
    expect(all.at(-1)).toMatch(/ExperimentCompleted$/);
    const middle = Math.floor(all.length / 2);
    expect(await read(all[middle]?.split(' ')[0])).toEqual(all.slice(middle + 1));
    expect(await read(all.at(-1)?.split(' ')[0])).toEqual([]);
  }, 60_000);

  it.each([
    ['no key', 'GET', '/v1/experiments', { headers: { authorization: '' } }, 401],
    ['a wrong key', 'GET', '/v1/experiments', { headers: { authorization: 'Bearer tmk_wrong' } }, 401],
    ['malformed JSON', 'POST', '/v1/experiments', { body: '{"application":' }, 400],
    [
      'an unknown member',
      'POST',
      '/v1/experiments',
      { body: { application: { name: 'true' }, role: 'admin' } },
      422,
    ],
    ['an unknown application', 'POST', '/v1/experiments', { body: { application: { name: 'nope' } } }, 422],
    [
      'a wrong type',
      'POST',
      '/v1/experiments',
      { body: { application: { name: 'sleep' }, inputs: { seconds: 'x' } } },
      422,
    ],
    ['a body too large', 'POST', '/v1/experiments', { body: { x: 'x'.repeat(2_000_000) } }, 413],
    [
      'another content type',
      'POST',
      '/v1/experiments',
      { body: 'a=b', headers: { 'content-type': 'text/csv' } },
      415,
    ],
    ['an unknown id', 'GET', `/v1/experiments/exp_${'0'.repeat(26)}`, {}, 404],
    ['an id that is none', 'GET', '/v1/experiments/..%2f..%2fetc', {}, 400],
    [
      'an unusable key',
      'POST',
      '/v1/experiments',
      { body: { application: { name: 'true' } }, headers: { 'idempotency-key': 'a b' } },
      400,
    ],
    [
      'a path in a file name',
      'POST',
      '/v1/data-products?name=..%2Fx',
      { body: 'x', headers: { 'content-type': 'application/octet-stream' } },
      400,
    ],
    ['a bad limit', 'GET', '/v1/experiments?limit=1000000', {}, 400],
    ['an unknown route', 'GET', '/v1/nothing', {}, 404],
  ])(
    'answers %s with a problem',
    async (_name, method, path, options, status) => {
      const answer = await stack.http(method, path, options);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        status,
        expect.stringMatching(/^application\/problem\+json/),
      ]);
      expect(answer.body).toMatchObject({
        status,
        title: expect.any(String),
        type: expect.stringMatching(/problem/),
      });
    },
    30_000,
  );

  it('takes a large upload that asks to be told to continue, as curl does', async () => {
    const status = await new Promise((resolve, reject) => {
      const upload = request(`${stack.url}/v1/data-products?name=large`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${stack.apiKey}`,
          'content-type': 'application/octet-stream',
          'content-length': 2_000_000,
          expect: '100-continue',
        },
      });
      upload.on('continue', () => upload.end(Buffer.alloc(2_000_000)));
      upload.on('response', (response) => resolve(response.resume().statusCode));
      upload.on('error', reject);
    });
    expect(status).toBe(201);
  }, 30_000);

  it('runs shell metacharacters as plain text', async () => {
    const seed = await stack.submit(
      'monte-carlo-pi',
      { seed: '$(touch /tmp/x); `id` | rm -rf /' },
      'metacharacters',
    );
    expect(seed.status).toBe(422);
  }, 30_000);

  it('describes itself', async () => {
    const { body } = await stack.http('GET', '/openapi.json');
    expect(body.openapi).toMatch(/^3\.1/);
    expect(Object.keys(body.paths as object)).toEqual(
      expect.arrayContaining([
        '/v1/experiments',
        '/v1/experiments/{id}:cancel',
        '/v1/data-products/{id}/content',
      ]),
    );
  });

  it('shows the whole history of the jobs to a plain Kafka client', async () => {
    const topics = await stack.json<{ name: string }[]>(['topics']);
    expect(topics.map(({ name }) => name)).toEqual(expect.arrayContaining(['tidemark.experiments']));
  });

  it('creates a topic of three replicas by quorum, and says why it creates no other', async () => {
    const quorum = ['-c', 'replication.protocol=quorum'];
    const created = ['topics', 'create', 'agreed', '--partitions', '2', ...quorum];
    expect(await stack.json(created)).toMatchObject({ name: 'agreed', partitions: 2, replicas: 3 });
    expect(await stack.json(['topics', 'describe', 'agreed'])).toMatchObject({ protocol: 'quorum' });
    for (const [wrong, why] of [
      [['big', '--replicas', '5'], 'larger than the number of brokers that are alive: 3'],
      [['even', '--replicas', '2', ...quorum], 'odd number of replicas'],
      [['agreed'], 'already exists'],
      [['other', '--partitions', '0'], '--partitions must be a number'],
    ] as const) {
      const { status, stderr } = await stack.cli(['topics', 'create', ...wrong]);
      expect([status, stderr.trim().split('\n').length]).toEqual([1, 1]);
      expect(stderr).toContain(why);
    }
  });

  it('refuses a second stack in the same home with one line', async () => {
    const second = await stack.cli(['up', '--detach'], 60_000);
    expect(second.status).not.toBe(0);
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
  }, 90_000);
});
