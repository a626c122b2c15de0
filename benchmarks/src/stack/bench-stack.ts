/**
 * The whole stack as a user has it, for a benchmark: brought up by the CLI in a new home on free ports, found by its
 * run files, taken down again with everything it left. Whoever brings one up takes it down.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REPOSITORY = new URL('../../../', import.meta.url).pathname;
const CLI = join(REPOSITORY, 'apps/cli/bin/tidemark.js');
const COMMAND_BOUND_MS = 180_000;
/** What `up` says first when every process is ready, on a home that it has not seen before. */
const FIRST_WELCOME_LINE = 'registered ';

export interface StartTimes {
  /** Until every process was ready, seconds. */
  readonly readySeconds: number;
  /** Until `up` had also registered the examples and run the first experiment, seconds. */
  readonly upSeconds: number;
}

interface CommandRun {
  readonly stdout: string;
  readonly seconds: number;
  /** When the first line on standard error that `marks` accepted came. */
  readonly markedSeconds: number | undefined;
}

export class BenchStack {
  private constructor(
    private readonly home: string,
    readonly start: StartTimes,
  ) {}

  static async up(directory = tmpdir()): Promise<BenchStack> {
    const home = mkdtempSync(join(directory, 'tidemark-stack-bench-'));
    try {
      const run = await command(home, ['up', '--detach'], (line) => line.includes(FIRST_WELCOME_LINE));
      const start = { readySeconds: run.markedSeconds ?? run.seconds, upSeconds: run.seconds };
      return new BenchStack(home, start);
    } catch (cause) {
      await command(home, ['down']).catch(() => undefined);
      rmSync(home, { recursive: true, force: true });
      throw cause;
    }
  }

  /** Ends every process and leaves no file. */
  async destroy(): Promise<void> {
    await command(this.home, ['down', '--cancel-jobs']).catch(() => command(this.home, ['down']));
    rmSync(this.home, { recursive: true, force: true });
  }

  get apiKey(): string {
    return readFileSync(join(this.home, 'api-key'), 'utf8').trim();
  }

  /** `http://host:port` of a process, as front-door-1. */
  http(name: string): string {
    return `http://${this.address(name, 'http')}`;
  }

  /** `host:port` of broker-1. */
  get broker(): string {
    return this.address('broker-1', 'kafka');
  }

  /** Resident memory of a process, bytes. */
  rss(name: string): number {
    const status = readFileSync(`/proc/${this.runFile(name).pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  /** Processor time that all processes of the stack have used so far, PostgreSQL's own children left out. */
  cpuSeconds(): number {
    return readdirSync(join(this.home, 'run'))
      .filter((file) => file.endsWith('.json'))
      .reduce((sum, file) => sum + cpuSecondsOf(this.runFile(file.slice(0, -'.json'.length)).pid), 0);
  }

  private address(name: string, purpose: string): string {
    const address = this.runFile(name).addresses[purpose];
    if (address === undefined) throw new Error(`${name} has no ${purpose} address`);
    return address.replace(/^http:\/\//, '');
  }

  private runFile(name: string): { readonly pid: number; readonly addresses: Record<string, string> } {
    return JSON.parse(readFileSync(join(this.home, 'run', `${name}.json`), 'utf8')) as {
      pid: number;
      addresses: Record<string, string>;
    };
  }
}

/** User and system time, from the 14th and 15th field of stat(5), which count hundredths of a second. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** `tidemark ...args` in that home. Rejects, with what it said, unless it exits with 0. */
function command(
  home: string,
  args: readonly string[],
  marks: (line: string) => boolean = () => false,
): Promise<CommandRun> {
  const begun = performance.now();
  const secondsNow = (): number => (performance.now() - begun) / 1000;
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: COMMAND_BOUND_MS,
    env: {
      ...process.env,
      TIDEMARK_HOME: home,
      TIDEMARK_HTTP_PORT: '0',
      TIDEMARK_BROKER_PORT: '0',
      TIDEMARK_BROKER_ADMIN_PORT: '0',
      TIDEMARK_POSTGRES_PORT: '0',
    },
  });
  let stdout = '';
  let stderr = '';
  let markedSeconds: number | undefined;
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    const text = chunk.toString();
    stderr += text;
    if (markedSeconds === undefined && text.split('\n').some(marks)) markedSeconds = secondsNow();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve({ stdout, seconds: secondsNow(), markedSeconds });
      else reject(new Error(`tidemark ${args.join(' ')}: ${signal ?? code}\n${stdout}\n${stderr}`));
    });
  });
}
