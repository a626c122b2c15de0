/**
 * A broker of our own as a real process, for specs of what needs one: on a free port, with its data in a temporary
 * directory that goes with it. It can be killed, stopped and started again on the same port and data. Needs the built
 * broker (`npm run build`); `TIDEMARK_TEST_BROKERS` names a running cluster to use instead, which is never killed.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';
import { freePort } from '@tidemark/platform/testing';

const MAIN = fileURLToPath(new URL('../../../../apps/broker/dist/main.js', import.meta.url));

/** A cluster that was started by somebody else. */
export const foreignBrokers = process.env.TIDEMARK_TEST_BROKERS;

export class BrokerProcess {
  readonly #directory = mkdtempSync(join(tmpdir(), 'tidemark-service-spec-'));
  #port = 0;
  #process: ChildProcess | undefined;
  #output = '';

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);
    if (this.#port === 0) this.#port = await freePort();
    const runFile = join(this.#directory, 'run.json');
    rmSync(runFile, { force: true });
    const started = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env.PATH,
        TIDEMARK_NAME: 'broker-1',
        TIDEMARK_NODE_ID: '1',
        TIDEMARK_CLUSTER_ID: 'service-specs-cluster0',
        TIDEMARK_DATA: join(this.#directory, 'data'),
        TIDEMARK_LISTEN: this.address,
        TIDEMARK_ADVERTISED: this.address,
        TIDEMARK_ADMIN_LISTEN: '127.0.0.1:0',
        TIDEMARK_RUN_FILE: runFile,
        TIDEMARK_LOG_LEVEL: 'warn',
        TIDEMARK_KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
        TIDEMARK_KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = started;
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (data: Buffer) => (this.#output += data.toString()));
    await eventually(() => {
      if (started.exitCode !== null) throw new Error(`the broker ended: ${this.#output.slice(-2_000)}`);
      return existsSync(runFile) && readFileSync(runFile, 'utf8').endsWith('\n');
    });
  }

  /** Resolves when the process is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const ended = this.#process;
    this.#process = undefined;
    if (ended?.exitCode !== null) return;
    const gone = new Promise((resolve) => ended.once('exit', resolve));
    ended.kill(signal);
    await gone;
  }

  async remove(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
