/**
 * What all logs of a data directory share: the doors they use and the budgets they draw from. Made by the directory.
 */
import type { Clock, Disk } from '@tidemark/platform';
import { LOG_RULES, type LogRules } from './log-rules.js';
import { OpenFiles } from './segment/open-files.js';
import { ReadBuffers } from './read/read-buffers.js';
import { TailMemory } from './tail/tail-memory.js';

export interface LogResources {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly files: OpenFiles;
  readonly memory: TailMemory;
  readonly buffers: ReadBuffers;
  readonly rules: LogRules;
}

export interface LogLimits {
  /** Memory of all logs' tails together, bytes. */
  readonly tailBytesMax?: number;
  /** Memory of one log's tail, bytes; twice the largest batch that is staged in memory. */
  readonly ringBytesMax?: number;
  /** Log files open at once. */
  readonly openFilesMax?: number;
  /** Memory kept for reads from disk, bytes. */
  readonly readBytesMax?: number;
  /** Memory for the keys of the log that is being compacted, bytes. */
  readonly compactionBytes?: number;
  /** Others than `LOG_RULES` in simulations that test their checkers. */
  readonly rules?: LogRules;
}

const MIB = 1024 * 1024;

export function makeLogResources(disk: Disk, clock: Clock, limits: LogLimits = {}): LogResources {
  return {
    disk,
    clock,
    files: new OpenFiles(limits.openFilesMax ?? 512),
    memory: new TailMemory(limits.tailBytesMax ?? 64 * MIB, limits.ringBytesMax ?? 8 * MIB),
    buffers: new ReadBuffers(limits.readBytesMax ?? 16 * MIB),
    rules: limits.rules ?? LOG_RULES,
  };
}
