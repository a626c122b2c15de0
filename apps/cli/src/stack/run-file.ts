/**
 * Run files: what each process publishes about itself under `<home>/run` once it listens. Read by the supervisor
 * (readiness), the front door (where the API replicas are) and the commands (where to connect to). A process that
 * ends in order takes its run file with it, and the supervisor removes those of processes that it ended; one may
 * outlive its process all the same: whoever acts on one checks the identity in it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { nodeProcesses } from '@tidemark/platform/node';
import type { ProcessIdentity } from '@tidemark/platform';
import { writePrivately } from './home.js';

export interface RunFile extends ProcessIdentity {
  readonly name: string;
  readonly kind: string;
  /** `host:port` by purpose: kafka, admin, http, postgres, control. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly startedAt: string;
  /** Of the supervisor alone: who holds it may command the supervisor. */
  readonly token?: string;
}

/** Nothing when it is absent or not (yet) a run file. */
export function readRunFile(file: string): RunFile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, kind, pid, startTime, bootId, addresses, startedAt, token } = value as Partial<
    Record<keyof RunFile, unknown>
  >;
  if (typeof name !== 'string' || typeof pid !== 'number') return undefined;
  return {
    name,
    kind: typeof kind === 'string' ? kind : '',
    pid,
    startTime: typeof startTime === 'number' ? startTime : Number(startTime),
    bootId: typeof bootId === 'string' ? bootId : '',
    addresses: hostPorts(addresses),
    startedAt: typeof startedAt === 'string' ? startedAt : '',
    ...(typeof token === 'string' ? { token } : {}),
  };
}

export function writeRunFile(file: string, run: RunFile): void {
  writePrivately(file, `${JSON.stringify(run, undefined, 2)}\n`);
}

export function removeRunFile(file: string): void {
  fs.rmSync(file, { force: true });
}

/** Run files of the directory whose process lives, sorted by name. */
export function livingRunFiles(directory: string): RunFile[] {
  return runFileNames(directory)
    .map((name) => readRunFile(path.join(directory, name)))
    .filter((run): run is RunFile => run !== undefined && nodeProcesses.isAlive(run));
}

function runFileNames(directory: string): string[] {
  try {
    return fs
      .readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch {
    return [];
  }
}

/** Addresses come as `host:port` or as a URL; both are kept as `host:port`. */
function hostPorts(addresses: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [purpose, address] of Object.entries((addresses ?? {}) as Record<string, unknown>)) {
    if (typeof address === 'string') found[purpose] = address.replace(/^\w+:\/\//, '').replace(/\/$/, '');
  }
  return found;
}
