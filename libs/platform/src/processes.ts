/**
 * The fifth door: other processes. A process is known by pid *and* start time, because the system gives a dead
 * process's pid to a stranger.
 */

/** Identifies one process for ever on one boot of one machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot at which it started (field 22 of /proc/PID/stat), or an equivalent elsewhere. */
  readonly startTime: number;
  /** Differs after a reboot, when pids and start times begin anew. */
  readonly bootId: string;
}

export interface SpawnOptions {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Files that take stdout and stderr (appended), or nothing: discarded. */
  readonly stdoutPath?: string;
  readonly stderrPath?: string;
  /** Own session and process group, surviving this process. */
  readonly detached: boolean;
}

export interface ChildProcess {
  readonly pid: number;
  /** Resolves when it is gone; `signal` is set when it was killed. */
  readonly exited: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
}

export type ProcessErrorCode = 'not-found' | 'no-permission' | 'no-resources' | 'io';

export class ProcessError extends Error {
  override readonly name = 'ProcessError';
  constructor(
    readonly code: ProcessErrorCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}

export interface Processes {
  /** Starts `file` with `args`, never through a shell. Rejects with `ProcessError`. */
  spawn(file: string, args: readonly string[], options: SpawnOptions): Promise<ChildProcess>;
  /** Who has this pid now; nothing when nobody has, or only a zombie does. */
  identify(pid: number): ProcessIdentity | undefined;
  /** True only while this very process lives (a zombie does not). */
  isAlive(identity: ProcessIdentity): boolean;
  /** File descriptors that this process may have open; nothing where the system does not tell. */
  descriptorsMax(): number | undefined;
  /** Signals a process, or with a negative pid its group. False when there was nobody to signal. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' | 'SIGSTOP' | 'SIGCONT'): boolean;
}
