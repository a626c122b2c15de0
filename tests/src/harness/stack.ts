/**
 * The whole stack as a user has it: brought up by the CLI in a home of its own on free ports, asked over HTTP and by
 * the CLI, taken down again. Holds the home; whoever brings one up takes it down.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort } from '@tidemark/platform/testing';
import { runTool, type Finished } from './tool.js';

const CLI = join(import.meta.dirname, '../../../apps/cli/bin/tidemark.js');
const UP_TIMEOUT_MS = 120_000;

export interface ProcessRow {
  readonly name: string;
  readonly kind: string;
  readonly pid: number;
  readonly state: string;
  readonly address: string;
}

export interface Experiment {
  readonly id: string;
  readonly status: string;
  readonly exitCode: number | null;
  readonly reasonCode: string | null;
  readonly outputs: readonly { name: string; id: string; bytes: number; sha256: string }[];
  readonly position: string;
  readonly processes: readonly {
    index: number;
    jobs: readonly { token: string; attempt: number; status: string }[];
  }[];
}

export interface ProjectionRow {
  readonly replica: string;
  readonly projection: string;
  readonly state: string;
  readonly rows: number;
  readonly position: string;
  readonly lag: number;
  readonly hash: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export class Stack {
  private constructor(
    readonly home: string,
    private readonly ports: Readonly<Record<string, string>>,
  ) {}

  static async up(...flags: readonly string[]): Promise<Stack> {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'tidemark-stack-')));
    const stack = new Stack(home, {
      TIDEMARK_HTTP_PORT: String(await freePort()),
      TIDEMARK_BROKER_PORT: String(await freePort()),
      TIDEMARK_BROKER_ADMIN_PORT: '0',
      TIDEMARK_POSTGRES_PORT: '0',
    });
    await stack.upAgain(...flags);
    return stack;
  }

  async upAgain(...flags: readonly string[]): Promise<string> {
    const run = await this.cli(['up', '--detach', ...flags], UP_TIMEOUT_MS);
    if (run.status !== 0) throw new Error(`up: ${run.status}\n${run.stdout}\n${run.stderr}`);
    return run.stdout;
  }

  async down(...flags: readonly string[]): Promise<string> {
    const run = await this.cli(['down', ...flags], UP_TIMEOUT_MS);
    if (run.status !== 0) throw new Error(`down: ${run.status}\n${run.stdout}\n${run.stderr}`);
    return run.stdout;
  }

  /** Ends everything and leaves no file. */
  async destroy(): Promise<void> {
    await this.down('--cancel-jobs').catch(() => this.down());
    rmSync(this.home, { recursive: true, force: true });
    // As root PostgreSQL has a folder of its own, which notes whose it is.
    for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith('tidemark-postgres-'))) {
      const folder = join(tmpdir(), name);
      const note = join(folder, 'home');
      if (existsSync(note) && readFileSync(note, 'utf8').trim() === this.home) {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.TIDEMARK_HTTP_PORT}`;
  }

  get broker(): string {
    return `127.0.0.1:${this.ports.TIDEMARK_BROKER_PORT}`;
  }

  get apiKey(): string {
    return readFileSync(join(this.home, 'api-key'), 'utf8').trim();
  }

  /** `tidemark ...args`, whatever its exit code. */
  cli(args: readonly string[], timeoutMs = 60_000): Promise<Finished> {
    return runTool(process.execPath, [CLI, ...args], {
      timeoutMs,
      environment: { ...process.env, ...this.ports, TIDEMARK_HOME: this.home, NODE_OPTIONS: '' },
    });
  }

  /** The JSON document that a command prints; a non-zero exit is a failure unless `allowed`. */
  async json<Document>(args: readonly string[], allowed: readonly number[] = [0]): Promise<Document> {
    const run = await this.cli([...args, '--json']);
    if (!allowed.includes(run.status ?? -1)) {
      throw new Error(`tidemark ${args.join(' ')}: ${run.status}\n${run.stdout}\n${run.stderr}`);
    }
    return JSON.parse(run.stdout) as Document;
  }

  async http(
    method: string,
    path: string,
    options: { body?: unknown; headers?: object } = {},
  ): Promise<Answer> {
    const { body } = options;
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = { text };
    }
    return { status: answer.status, headers: answer.headers, body: parsed as Record<string, unknown> };
  }

  submit(application: string, inputs: object, key: string): Promise<Answer> {
    const body = { application: { name: application }, inputs };
    return this.http('POST', '/v1/experiments', { body, headers: { 'idempotency-key': key } });
  }

  experiment(id: string): Promise<Experiment> {
    return this.http('GET', `/v1/experiments/${id}`).then(({ body }) => body as unknown as Experiment);
  }

  /** The experiment once its status is one of these. */
  until(id: string, statuses: readonly string[], timeoutMs = 30_000): Promise<Experiment> {
    return eventually(
      async () => {
        const experiment = await this.experiment(id);
        return statuses.includes(experiment.status) ? experiment : undefined;
      },
      timeoutMs,
      `${id} is ${statuses.join(' or ')}`,
    );
  }

  ps(): Promise<ProcessRow[]> {
    return this.json<ProcessRow[]>(['ps']);
  }

  projections(): Promise<ProjectionRow[]> {
    return this.json<ProjectionRow[]>(['projections', 'list']);
  }
}
