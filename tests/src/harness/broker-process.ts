/**
 * A real broker in a process of its own, on free ports and in a folder of its own, for suites that talk to it as a
 * stranger would or kill it. Holds the child; whoever starts one stops it. Alone, or one of a cluster's
 * (`broker-cluster.ts`), which says who it is.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.js';
import { freePort } from '@tidemark/platform/testing';
import { eventually } from './eventually.js';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = 'apps/broker/dist/main.js';
const MAIN = join(ROOT, PROGRAM);
/** A bound for what hangs; the machine may be busy with other suites. */
const READY_MS = 60_000;

export interface BrokerProcessOptions {
  /** Kafka's names, as in `{ 'log.segment.bytes': '65536' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Removed by `stop`. */
  readonly directory?: string;
  /** When it lies elsewhere; then whoever made it removes it. */
  readonly dataDirectory?: string;
  readonly host?: string;
  readonly port?: number;
  readonly nodeId?: number;
  /** Over and above, and stronger than, what every broker is started with. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A command that runs the rest of its line, as `ip netns exec NAME`. */
  readonly within?: readonly string[];
  readonly nodeArguments?: readonly string[];
}

export class BrokerProcess {
  private child: ChildProcess | undefined;
  private output = '';
  /** Changed between two starts, for the next one: what `environment` is at first. */
  environment: Record<string, string>;
  /** Likewise: the clone whose build is run. */
  clone = ROOT;

  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly options: BrokerProcessOptions,
  ) {
    this.environment = { ...options.environment };
  }

  /** A broker that is not started yet. */
  static async prepare(options: BrokerProcessOptions): Promise<BrokerProcess> {
    if (!existsSync(MAIN)) throw new Error('apps/broker is not built: run npx tsc -b first');
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'tidemark-broker-'));
    mkdirSync(directory, { recursive: true });
    return new BrokerProcess(directory, options.port ?? (await freePort()), options);
  }

  /** A broker that is a cluster of its own. */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    directory?: string,
  ): Promise<BrokerProcess> {
    const broker = await BrokerProcess.prepare({
      settings,
      ...(directory === undefined ? {} : { directory }),
    });
    try {
      await broker.restart();
    } catch (error) {
      await broker.stop();
      throw error;
    }
    return broker;
  }

  get nodeId(): number {
    return this.options.nodeId ?? 1;
  }

  get address(): string {
    return `${this.options.host ?? '127.0.0.1'}:${this.port}`;
  }

  get dataDirectory(): string {
    return this.options.dataDirectory ?? join(this.directory, 'data');
  }

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  /** Starts the process again on the same data and port; resolves when it is ready. */
  async restart(): Promise<void> {
    this.launch();
    await this.ready();
  }

  /** Starts the process and does not wait: one of several may need the others before it is ready. */
  launch(): void {
    rmSync(this.runFile, { force: true });
    const command = [
      ...(this.options.within ?? []),
      process.execPath,
      ...(this.options.nodeArguments ?? []),
      join(this.clone, PROGRAM),
    ];
    const child = spawn(command[0] ?? process.execPath, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#environment(),
    });
    this.child = child;
    child.once(
      'exit',
      atExit(() => child.kill('SIGKILL')),
    );
    this.output = '';
    child.on('error', (error) => (this.output += error.message));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-20_000)));
    }
  }

  async ready(timeoutMs = READY_MS): Promise<void> {
    await eventually(
      () => {
        if (!this.running) throw new Error(`broker ${this.nodeId} ended:\n${this.output}`);
        return existsSync(this.runFile);
      },
      timeoutMs,
      () => `broker ${this.nodeId} is ready; it said:\n${this.output}`,
    );
  }

  /** What the run file says: where the administrative HTTP listens. */
  adminUrl(): string {
    const { addresses } = JSON.parse(readFileSync(this.runFile, 'utf8')) as { addresses: { admin: string } };
    return `http://${addresses.admin.replace(/^http:\/\//, '')}`;
  }

  /** Whatever the process printed last (warnings and errors). */
  get log(): string {
    return this.output;
  }

  /** Resolves when it had its effect: for signals that end the process, when it has ended. */
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

  /** 0: it was told to end and did so in order. */
  get exitCode(): number | null {
    return this.child?.exitCode ?? null;
  }

  async stop(): Promise<void> {
    await this.signal('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get runFile(): string {
    return join(this.directory, 'run.json');
  }

  #environment(): NodeJS.ProcessEnv {
    const settings = Object.entries({
      'group.initial.rebalance.delay.ms': '0',
      ...this.options.settings,
    }).map(([name, value]) => [`TIDEMARK_KAFKA_${name.replaceAll('.', '_').toUpperCase()}`, value]);
    return {
      PATH: process.env.PATH,
      TIDEMARK_NAME: `broker-${this.nodeId}`,
      TIDEMARK_NODE_ID: String(this.nodeId),
      TIDEMARK_CLUSTER_ID: 'tidemark-test-cluster1',
      TIDEMARK_DATA: this.dataDirectory,
      TIDEMARK_LISTEN: this.address,
      TIDEMARK_ADMIN_LISTEN: `${this.options.host ?? '127.0.0.1'}:0`,
      TIDEMARK_RUN_FILE: this.runFile,
      TIDEMARK_LOG_LEVEL: process.env.TIDEMARK_TEST_LOG_LEVEL ?? 'warn',
      ...(Object.fromEntries(settings) as Record<string, string>),
      ...this.environment,
    };
  }
}
