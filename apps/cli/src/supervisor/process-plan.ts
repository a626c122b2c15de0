/**
 * What the supervisor has to know about one process of the stack in order to start it, to tell when it is ready
 * and to stop it. Plans are made once per `up` (stack-plan.ts); the supervisor itself knows no kind of process.
 */
import type { RunFile } from '../stack/run-file.js';

export type ProcessKind =
  'broker' | 'postgres' | 'metadata-server' | 'application-manager' | 'api-server' | 'front-door';

export interface ProcessPlan {
  /** `broker-1`, `api-server-2`, … */
  readonly name: string;
  readonly kind: ProcessKind;
  /** Names of the processes that must be ready before it is started. */
  readonly after: readonly string[];
  /** Of these more than half must be ready before it is started: a cluster serves without some of its brokers. */
  readonly afterMostOf: readonly string[];
  /** Processes of one stop wave stop together, lowest first. */
  readonly stopWave: number;
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it is told besides, asked at each start. */
  readonly environmentNow?: () => Readonly<Record<string, string>>;
  readonly directory: string;
  /** Whom it runs as, when not as the supervisor's own user. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** After this long it is killed. */
  readonly stopBoundMs: number;
  /** Brings the world in order before each start (creates a database cluster); may be slow. */
  readonly prepare?: () => Promise<void>;
  /** Processes that write no run file themselves get one with these addresses. */
  readonly publishedAddresses?: Readonly<Record<string, string>>;
  /** True once it does its work. Called again and again; must not throw for "not yet". */
  readonly probe: (run: RunFile) => Promise<boolean>;
  /** What to show in tables. */
  readonly address: (run: RunFile) => string;
}

export type ProcessState =
  'stopped' | 'starting' | 'running' | 'restarting' | 'paused' | 'killed' | 'failed' | 'stopping';

/** One line of `ps`. */
export interface ProcessRow {
  readonly name: string;
  readonly kind: string;
  readonly pid: number | null;
  readonly state: ProcessState;
  readonly address: string | null;
}
