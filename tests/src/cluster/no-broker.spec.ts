// A service that is started before there is any broker: it goes on trying, for as long as it takes, and is still there.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../harness/eventually.js';
import { freePort } from '@tidemark/platform/testing';

const REPOSITORY = join(import.meta.dirname, '../../..');
/** More than any client's own tries at one question: there were pauses between them. */
const REFUSALS = 30;

describe('a service without a broker', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'tidemark-no-broker-'));
    writeFileSync(join(directory, 'api-key'), 'tdm_0123456789abcdefghijklmnopqrstuv\n', { mode: 0o600 });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(['metadata-server', 'application-manager', 'api-server'])('%s waits for it', async (service) => {
    const port = await freePort();
    const child = spawn(process.execPath, [join(REPOSITORY, `apps/${service}/dist/main.js`)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        TIDEMARK_NAME: `${service}-1`,
        TIDEMARK_BROKERS: `127.0.0.1:${port}`,
        TIDEMARK_LOG_LEVEL: 'debug',
        TIDEMARK_CONTENT: join(directory, 'content'),
        TIDEMARK_JOBS: join(directory, 'jobs'),
        TIDEMARK_API_KEY_FILE: join(directory, 'api-key'),
        TIDEMARK_DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/nothing`,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let exitCode: number | null | undefined;
    void ended.then((code) => (exitCode = code));
    try {
      await eventually(
        () => {
          if (exitCode !== undefined) throw new Error(`ended with ${exitCode}:\n${output.slice(-2_000)}`);
          return output.split('ECONNREFUSED').length > REFUSALS;
        },
        30_000,
        () => `has tried ${REFUSALS} times; it said:\n${output.slice(-2_000)}`,
      );
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });
});
