/**
 * A child that prints a JSON document a line, and what it has printed so far with the time at which each line came. Holds
 * the child; whoever starts one stops it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { atExit } from '../at-exit.js';

export interface Line<Document> {
  readonly atMs: number;
  readonly document: Document;
}

export class LineProcess<Document> {
  readonly lines: Line<Document>[] = [];
  #errors = '';

  private constructor(private readonly child: ChildProcess) {}

  /** `node ...args` with this environment over the own one. */
  static start<Document>(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): LineProcess<Document> {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...environment },
    });
    child.once(
      'exit',
      atExit(() => child.kill('SIGKILL')),
    );
    const started = new LineProcess<Document>(child);
    createInterface({ input: child.stdout }).on('line', (text) =>
      started.lines.push({ atMs: performance.now(), document: JSON.parse(text) as Document }),
    );
    child.stderr.on('data', (chunk: Buffer) => (started.#errors += chunk.toString()));
    return started;
  }

  get errors(): string {
    return this.#errors;
  }

  /** The first line since `fromMs` that is wanted. */
  find(wanted: (document: Document) => boolean, fromMs = 0): Line<Document> | undefined {
    return this.lines.find(({ atMs, document }) => atMs >= fromMs && wanted(document));
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
