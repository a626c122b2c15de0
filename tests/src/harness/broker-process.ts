/**
 * A real broker in a process of its own, on free ports and in a folder of its own, for suites that talk to it as a
 * stranger would or kill it. Holds the child; whoever starts one stops it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { eventually } from './eventually.js';

const MAIN = join(import.meta.dirname, '../../../apps/broker/dist/main.js');

export class BrokerProcess {
  private child: ChildProcess | undefined;
  private output = '';

  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** `settings`: Kafka's names, as in `{ 'log.segment.bytes': '65536' }`. The folder is removed by `stop`. */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    directory = mkdtempSync(join(tmpdir(), 'tidemark-broker-')),
  ): Promise<BrokerProcess> {
    if (!existsSync(MAIN)) throw new Error('apps/broker is not built: run npx tsc -b first');
    mkdirSync(directory, { recursive: true });
    const broker = new BrokerProcess(directory, await freePort(), settings);
    try {
      await broker.restart();
    } catch (error) {
      await broker.stop();
      throw error;
    }
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  /** Starts the process again on the same data and port; resolves when it is ready. */
  async restart(): Promise<void> {
    const runFile = join(this.directory, 'run.json');
    rmSync(runFile, { force: true });
    const settings = Object.entries({ 'group.initial.rebalance.delay.ms': '0', ...this.settings }).map(
      ([name, value]) => [`TIDEMARK_KAFKA_${name.replaceAll('.', '_').toUpperCase()}`, value],
    );
    const child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        TIDEMARK_NAME: 'broker-1',
        TIDEMARK_NODE_ID: '1',
        TIDEMARK_CLUSTER_ID: 'tidemark-test-cluster1',
        TIDEMARK_DATA: join(this.directory, 'data'),
        TIDEMARK_LISTEN: this.address,
        TIDEMARK_ADMIN_LISTEN: '127.0.0.1:0',
        TIDEMARK_RUN_FILE: runFile,
        TIDEMARK_LOG_LEVEL: 'warn',
        ...(Object.fromEntries(settings) as Record<string, string>),
      },
    });
    this.child = child;
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-20_000)));
    }
    await eventually(() => {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`broker ended:\n${this.output}`);
      return existsSync(runFile);
    }, 20_000);
  }

  /** What the run file says: where the administrative HTTP listens. */
  adminUrl(): string {
    const { addresses } = JSON.parse(readFileSync(join(this.directory, 'run.json'), 'utf8')) as {
      addresses: { admin: string };
    };
    return `http://${addresses.admin.replace(/^http:\/\//, '')}`;
  }

  /** Whatever the process printed last (warnings and errors). */
  get log(): string {
    return this.output;
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exited;
  }

  get running(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  async stop(): Promise<void> {
    await this.signal('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
