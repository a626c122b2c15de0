/** The small parts that a service is hosted by: configuration, health, run file, shutdown, traces, logs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock, nodeDisk, nodeProcesses, nodeRandom } from '@tidemark/platform/node';
import { z } from 'zod';
import { COMMON_SETTINGS, integerSchema, readConfig, setting } from './config.js';
import { Health, registerHealthRoutes } from './health.js';
import type { RouteReply } from './health.js';
import { NestLogger, silentLogger } from './logger.js';
import { removeRunFile, writeRunFile } from './run-file.js';
import { runShutdown } from './shutdown.js';
import { formatTraceparent, nextTraceparent, parseTraceparent } from './traceparent.js';

describe('configuration', () => {
  const settings = {
    ...COMMON_SETTINGS,
    slots: setting('TIDEMARK_SLOTS', integerSchema(1, 100).prefault('4')),
    keyFile: setting('TIDEMARK_API_KEY_FILE', z.string()),
  };
  const good = {
    TIDEMARK_NAME: 'api-server-1',
    TIDEMARK_BROKERS: '127.0.0.1:9092, [::1]:9093',
    TIDEMARK_CONTENT: '/c',
    TIDEMARK_API_KEY_FILE: '/k',
  };

  it('is read whole, with defaults, and cannot be changed', () => {
    const read = readConfig(settings, { ...good, TIDEMARK_RUN_FILE: '' });
    expect(read).toEqual({
      config: {
        name: 'api-server-1',
        brokers: ['127.0.0.1:9092', '[::1]:9093'],
        listen: { host: '127.0.0.1', port: 0 },
        runFile: undefined,
        content: '/c',
        logLevel: 'info',
        slots: 4,
        keyFile: '/k',
      },
    });
    expect('config' in read && Object.isFrozen(read.config)).toBe(true);
  });

  it('tells all faults together', () => {
    const faulty = {
      TIDEMARK_NAME: '../x',
      TIDEMARK_BROKERS: 'nohost',
      TIDEMARK_LISTEN: '127.0.0.1:99999',
      TIDEMARK_LOG_LEVEL: 'loud',
      TIDEMARK_SLOTS: '0',
      TIDEMARK_CONTENT: '/c',
    };
    const read = readConfig(settings, faulty);
    const faults = 'faults' in read ? read.faults : [];
    expect(faults.map((fault) => fault.split(/[= ]/)[0])).toEqual([
      'TIDEMARK_NAME',
      'TIDEMARK_BROKERS',
      'TIDEMARK_LISTEN',
      'TIDEMARK_LOG_LEVEL',
      'TIDEMARK_SLOTS',
      'TIDEMARK_API_KEY_FILE',
    ]);
    expect(faults).toContain('TIDEMARK_API_KEY_FILE is not set');
    expect(faults).toContain('TIDEMARK_SLOTS="0": expected 1 to 100');
  });
});

describe('health', () => {
  const ask = async (health: Health, path: string): Promise<{ status: number; body: unknown }> => {
    const answer = { status: 0, body: undefined as unknown };
    const reply: RouteReply = {
      code: (status) => ((answer.status = status), reply),
      header: () => reply,
      send: (body) => (answer.body = body),
    };
    const routes = new Map<string, (request: unknown, reply: RouteReply) => unknown>();
    registerHealthRoutes({ get: (route, handler) => routes.set(route, handler) }, health);
    await routes.get(path)?.(undefined, reply);
    return answer;
  };

  it('is ready when every condition holds, and never again once it drains', async () => {
    const health = new Health('api-server-1');
    let settle: () => void = () => undefined;
    health.requireSettled('replies', new Promise<void>((resolve) => (settle = resolve)), 'still reading');
    let database: string | undefined = 'no answer';
    health.require('database', () => database);
    expect(await ask(health, '/readyz')).toEqual({
      status: 503,
      body: { status: 'unready', faults: { replies: 'still reading', database: 'no answer' } },
    });
    settle();
    database = undefined;
    await Promise.resolve();
    expect(await ask(health, '/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    health.drain();
    expect(health.ready).toBe(false);
    expect(await ask(health, '/healthz')).toMatchObject({ status: 200 });
  });

  it('says why a promised condition failed', async () => {
    const health = new Health('x');
    health.requireSettled('tail', Promise.reject(new Error('closed')), 'waiting');
    await Promise.resolve();
    expect(health.faults()).toEqual({ tail: 'closed' });
  });

  it('shows metrics', async () => {
    const { status, body } = await ask(new Health('x'), '/metrics');
    expect(status).toBe(200);
    expect(typeof body).toBe('string');
  });
});

describe('the run file', () => {
  it('says who runs where, and goes with the process', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tidemark-run-'));
    const path = join(directory, 'run', 'api-server-1.json');
    const options = { disk: nodeDisk, clock: nodeClock, processes: nodeProcesses, path };
    const addresses = { http: '127.0.0.1:1234' };
    const written = writeRunFile({
      ...options,
      name: 'api-server-1',
      kind: 'api-server',
      pid: process.pid,
      addresses,
    });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(written);
    expect(nodeProcesses.isAlive(written)).toBe(true);
    expect(written.startedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    removeRunFile(nodeDisk, path);
    expect(() => readFileSync(path)).toThrow();
    rmSync(directory, { recursive: true });
  });
});

describe('a shutdown', () => {
  const steps = (order: string[]): { name: string; run: () => Promise<void> }[] => [
    { name: 'quick', run: () => Promise.resolve(void order.push('quick')) },
    { name: 'failing', run: () => Promise.reject(new Error('no')) },
    { name: 'hanging', run: () => new Promise(() => undefined) },
    { name: 'last', run: () => Promise.resolve(void order.push('last')) },
  ];

  it('runs all steps in order, within its bound, whatever single ones do', async () => {
    const order: string[] = [];
    const complaints: string[] = [];
    const logger = { ...silentLogger, error: (_: object, message: string) => void complaints.push(message) };
    const begun = Date.now();
    expect(await runShutdown({ clock: nodeClock, logger, steps: steps(order), boundMs: 200 })).toBe(false);
    expect(Date.now() - begun).toBeLessThan(2_000);
    expect(order).toEqual(['quick', 'last']);
    expect(complaints).toHaveLength(2);
    expect(await runShutdown({ clock: nodeClock, logger, steps: steps(order).slice(0, 1) })).toBe(true);
  });
});

describe('traces', () => {
  it.each([
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
    ['cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-future', true],
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more', false],
    ['ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
    ['00-00000000000000000000000000000000-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', false],
    ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', false],
    ['', false],
  ])('reads %j: %s', (header, valid) => expect(parseTraceparent(header) !== undefined).toBe(valid));

  it('go on with a new step, or begin', () => {
    const header = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    const next = parseTraceparent(nextTraceparent(nodeRandom, header));
    expect(next).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', sampled: false });
    expect(next?.spanId).not.toBe('b7ad6b7169203331');
    const first = nextTraceparent(nodeRandom, 'rubbish');
    const parsed = parseTraceparent(first);
    expect(parsed === undefined ? '' : formatTraceparent(parsed)).toBe(first);
  });
});

describe('the logger behind NestJS', () => {
  it('keeps message, context, stack and error apart', () => {
    const lines: unknown[] = [];
    const write = (fields: object, message: string): void => void lines.push([message, fields]);
    const logger = new NestLogger({ ...silentLogger, info: write, error: write });
    logger.log('mapped', 'Router');
    logger.error('broke', 'at x', 'Router');
    logger.error(new TypeError('bug'), { traceId: 'x' }, 'Filter');
    expect(lines).toEqual([
      ['mapped', { context: 'Router' }],
      ['broke', { context: 'Router', stack: 'at x' }],
      [
        'bug',
        {
          context: 'Filter',
          traceId: 'x',
          error: expect.objectContaining({ class: 'TypeError', message: 'bug' }) as unknown,
        },
      ],
    ]);
  });
});
