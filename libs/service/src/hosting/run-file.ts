/**
 * The run file: how a process tells the supervisor and the CLI where it listens and who it is. Written once, when the
 * process can be reached, replacing an earlier one atomically; removed by a clean shutdown.
 */
import { dirname } from 'node:path';
import { formatTime } from '@tidemark/contracts';
import type { Clock, Disk, Processes } from '@tidemark/platform';
import { assert, writeFileAtomically } from '@tidemark/platform';

export interface RunFile {
  readonly name: string;
  readonly kind: string;
  readonly pid: number;
  /** With the pid and the boot id it tells this process from a later one with the same pid. */
  readonly startTime: number;
  readonly bootId: string;
  /** host:port by purpose. */
  readonly addresses: Readonly<Partial<Record<'kafka' | 'admin' | 'http', string>>>;
  /** ISO 8601. */
  readonly startedAt: string;
}

export interface RunFileOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly path: string;
  readonly name: string;
  readonly kind: string;
  readonly pid: number;
  readonly addresses: RunFile['addresses'];
}

/** Throws `DiskError` when it cannot be written. */
export function writeRunFile(options: RunFileOptions): RunFile {
  const { disk, clock, processes, path, name, kind, pid, addresses } = options;
  const identity = processes.identify(pid);
  assert(identity !== undefined, 'a running process can be identified');
  const startedAt = formatTime(clock.now());
  const content: RunFile = { name, kind, ...identity, addresses, startedAt };
  disk.makeDirectorySync(dirname(path));
  writeFileAtomically(disk, path, Buffer.from(`${JSON.stringify(content)}\n`));
  return content;
}

export function removeRunFile(disk: Disk, path: string): void {
  disk.removeSync(path);
}
