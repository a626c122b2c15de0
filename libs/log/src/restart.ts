/**
 * A log that is thrown away to begin anew at another offset (a follower so far behind that its leader has nothing
 * more for it). The intention is one small file, `restart-offset`, written before anything is touched and removed when
 * all is done and checkpointed: a crash before it leaves the old log, one after it the new, for whoever opens the
 * log finishes the work. Pure effects on the partition's directory; used by `LogFiles` and recovery.
 */
import type { Disk } from '@tidemark/platform';
import { readCheckpoint, writeCheckpoint } from './directory/checkpoint.js';
import { LogError } from './log-error.js';
import { removeProducerSnapshot } from './producer/producer-snapshot.js';
import { SEQUENCES_SUFFIX, SNAPSHOT_SUFFIX, offsetOfFileName } from './segment/segment-names.js';

const FILE = 'restart-offset';

/** Where the log is to begin anew, and the epoch that led there (-1: not known). */
export interface Restart {
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** Throws DiskError. */
export function writeRestart(disk: Disk, directory: string, restart: Restart): void {
  writeCheckpoint(disk, `${directory}/${FILE}`, [`${restart.offset} ${restart.leaderEpoch}`]);
}

/** Nothing when no restart is under way. Throws LogError('corrupt'), DiskError. */
export function readRestart(disk: Disk, directory: string): Restart | undefined {
  const [line] = readCheckpoint(disk, `${directory}/${FILE}`);
  if (line === undefined) return undefined;
  const [, offset, leaderEpoch] = /^(\d+) (-?\d+)$/.exec(line) ?? [];
  if (offset === undefined) throw new LogError('corrupt', `${directory}/${FILE}: cannot read "${line}"`);
  return { offset: Number(offset), leaderEpoch: Number(leaderEpoch) };
}

/** All is done, and the checkpoints say so. */
export function clearRestart(disk: Disk, directory: string): void {
  disk.removeSync(`${directory}/${FILE}`);
  disk.syncDirectorySync(directory);
}

/** What is known of the producers of a log that is no more. */
export function removeSnapshots(disk: Disk, directory: string): void {
  for (const name of disk.listSync(directory)) {
    const offset = offsetOfFileName(name, SNAPSHOT_SUFFIX) ?? offsetOfFileName(name, SEQUENCES_SUFFIX);
    if (offset !== undefined) removeProducerSnapshot(disk, directory, offset);
  }
}
