/**
 * Suites that need a program npm cannot bring. Where the program is missing the suite is skipped and says so loudly;
 * CI counts a skip as a failure (tools/test.mjs).
 */
import { spawn, spawnSync } from 'node:child_process';

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `describe`, or a loud skip: `probe` is a command that succeeds where the tool is present. */
export function describeWith(tool: string, probe: readonly [string, ...string[]], suite: () => void): void {
  const [file, ...args] = probe;
  if (spawnSync(file, args, { stdio: 'ignore' }).status === 0) {
    describe(tool, suite);
    return;
  }
  process.stderr.write(`\n!! SKIPPED: ${tool} is not on this machine (tried: ${probe.join(' ')})\n`);
  describe.skip(tool, suite);
}

/** Of what needs a right that no installation brings: left out where it is not given, loudly, and no failure in CI. */
export function describeWhereAllowed(
  what: string,
  probe: readonly [string, ...string[]],
  suite: () => void,
): void {
  const [file, ...args] = probe;
  if (spawnSync(file, args, { stdio: 'ignore' }).status === 0) describe(what, suite);
  else process.stderr.write(`\n!! LEFT OUT: ${what}; not allowed here: ${probe.join(' ')}\n`);
}

/** Runs a program to its end, feeding it `input`; kills it after `timeoutMs`. */
export function runTool(
  file: string,
  args: readonly string[],
  options: {
    readonly input?: string;
    readonly timeoutMs?: number;
    readonly environment?: NodeJS.ProcessEnv;
  } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: options.environment ?? process.env,
    });
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 30_000);
    child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({
        status,
        stdout: Buffer.concat(chunks.stdout).toString(),
        stderr: Buffer.concat(chunks.stderr).toString(),
      });
    });
    // A program that ends without reading its input has not failed for that.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
