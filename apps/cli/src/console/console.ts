/**
 * Where commands write: results on stdout, progress and faults on stderr. With `--json` stdout takes exactly one
 * JSON document and progress still goes to stderr, so that a pipe sees nothing else.
 */
import { pc } from './colors.js';

export interface Console {
  readonly json: boolean;
  /** A line of the result. Nothing with `--json`. */
  line(text?: string): void;
  /** The result as one JSON document; does nothing without `--json`. */
  document(value: unknown): void;
  /** Raw bytes of the result (a job's stdout). */
  raw(bytes: Uint8Array | string): void;
  /** A line about work under way, for people only. */
  progress(text: string): void;
}

export function openConsole(json: boolean): Console {
  return {
    json,
    line: (text = '') => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    document: (value) => {
      // Indented for a reader; on one line for a program, so that `grep '"status":"COMPLETED"'` finds it.
      const indent = process.stdout.isTTY ? 2 : undefined;
      if (json) process.stdout.write(`${JSON.stringify(value, undefined, indent)}\n`);
    },
    raw: (bytes) => {
      process.stdout.write(bytes);
    },
    progress: (text) => {
      process.stderr.write(`${text}\n`);
    },
  };
}

/** Colours by meaning, so that a state looks alike in every table. */
export function paintState(state: string): string {
  if (/^(running|COMPLETED|COMPLETE|live|ready|Stable)$/.test(state)) return pc.green(state);
  if (/^(failed|FAILED|LOST|killed)$/.test(state)) return pc.red(state);
  if (/^(stopped|CANCELED|paused|Dead)$/.test(state)) return pc.dim(state);
  return pc.yellow(state);
}
