/** Homes and plans for specs of the supervisor: real processes (fake-service.mjs) in a home of their own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { homeAt, prepareHome, runFileOf, type Home } from '../../stack/home.js';
import type { Ports } from '../../stack/ports.js';
import { signalIdentity } from '../child.js';
import type { ProcessKind, ProcessPlan } from '../process-plan.js';
import { livingProcesses, readState } from '../state-file.js';

export const NO_PORTS: Ports = { httpPort: 0, postgresPort: 0, brokers: {} };
// Not compiled: it lies among the sources, whether this file runs from src or from dist.
const PROGRAM = path.join(import.meta.dirname.replace(/\bdist\b(?!.*\bdist\b)/, 'src'), 'fake-service.mjs');

export function makeHome(): Home {
  const home = homeAt(fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-home-')));
  prepareHome(home);
  return home;
}

/** Kills whatever the home's state file still names, then removes the home. */
export function removeHome(home: Home): void {
  for (const living of livingProcesses(readState(home))) signalIdentity(living.identity, 'SIGKILL');
  fs.rmSync(home.root, { recursive: true, force: true });
}

export interface FakeOptions {
  readonly kind?: ProcessKind;
  readonly mode?: string;
  readonly after?: readonly string[];
  readonly afterMostOf?: readonly string[];
  readonly stopWave?: number;
  readonly stopBoundMs?: number;
}

export function fakePlan(home: Home, name: string, options: FakeOptions = {}): ProcessPlan {
  const kind = options.kind ?? 'api-server';
  return {
    name,
    kind,
    after: options.after ?? [],
    afterMostOf: options.afterMostOf ?? [],
    stopWave: options.stopWave ?? 1,
    file: process.execPath,
    args: [PROGRAM],
    environment: {
      PATH: process.env.PATH ?? '',
      TIDEMARK_NAME: name,
      TIDEMARK_RUN_FILE: runFileOf(home, name),
      FAKE_KIND: kind,
      FAKE_MODE: options.mode ?? '',
    },
    directory: home.root,
    stopSignal: 'SIGTERM',
    stopBoundMs: options.stopBoundMs ?? 5_000,
    probe: async (run) => (await fetch(`http://${run.addresses.http ?? ''}/readyz`)).ok,
    address: (run) => `http://${run.addresses.http ?? ''}`,
  };
}

/** Polls until the condition holds; fails with its last answer. */
export async function until<Value>(
  look: () => Value,
  holds: (value: Value) => boolean,
  boundMs = 10_000,
): Promise<Value> {
  const deadline = Date.now() + boundMs;
  for (;;) {
    const value = look();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)}`);
    await delay(20);
  }
}
