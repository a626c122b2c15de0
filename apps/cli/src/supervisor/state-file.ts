/**
 * `<home>/supervisor.json`: which processes a supervisor started, by identity, and with which ports. Written on
 * every change, so that the next supervisor can adopt them when this one was killed, and so that `ps` and `down`
 * work without any supervisor. Identities in it may be of the dead: readers ask `livingProcesses`.
 */
import fs from 'node:fs';
import type { ProcessIdentity } from '@tidemark/platform';
import { nodeProcesses } from '@tidemark/platform/node';
import { writePrivately, type Home } from '../stack/home.js';
import type { BrokerPorts, Ports } from '../stack/ports.js';
import type { Desired } from './supervised-process.js';

export interface SavedProcess {
  readonly name: string;
  readonly kind: string;
  readonly identity: ProcessIdentity | null;
  readonly desired: Desired;
  readonly address: string | null;
  readonly stopWave: number;
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  readonly stopBoundMs: number;
}

/** The identity is the supervisor's own. */
export interface SavedState extends ProcessIdentity {
  readonly version: 1;
  readonly ports: Ports;
  readonly processes: readonly SavedProcess[];
}

export interface LivingProcess extends SavedProcess {
  readonly identity: ProcessIdentity;
}

/** Nothing when there has been no supervisor, or its file is of another version. */
export function readState(home: Home): SavedState | undefined {
  try {
    const state = JSON.parse(fs.readFileSync(home.statePath, 'utf8')) as SavedState;
    if ((state.version as number) !== 1 || !Array.isArray(state.processes)) return undefined;
    return { ...state, ports: portsOf(state.ports) };
  } catch {
    return undefined;
  }
}

/** A supervisor of one broker wrote its ports among the others. */
function portsOf(ports: Ports | (Omit<Ports, 'brokers'> & Readonly<Record<OldKey, number>>)): Ports {
  if ('brokers' in ports) return ports;
  const first: BrokerPorts = { kafka: ports.brokerPort, admin: ports.brokerAdminPort };
  return { httpPort: ports.httpPort, postgresPort: ports.postgresPort, brokers: { 1: first } };
}

type OldKey = 'brokerPort' | 'brokerAdminPort';

export function writeState(home: Home, state: SavedState): void {
  writePrivately(home.statePath, `${JSON.stringify(state, undefined, 2)}\n`);
}

export function livingProcesses(state: SavedState | undefined): LivingProcess[] {
  return (state?.processes ?? []).filter(
    (saved): saved is LivingProcess => saved.identity !== null && nodeProcesses.isAlive(saved.identity),
  );
}
