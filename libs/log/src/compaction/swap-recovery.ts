/**
 * Finishes what a crash interrupted of replacing segments by a compacted one: its files are named `.cleaned` while they
 * are written, `.swap` when they are complete and the old segments are about to go. Called before a log is loaded.
 *
 * What must hold: `.log.swap` is renamed last of its files both ways, so where it is there, all of it is, and the
 * segments that it covers may go; where it is not, nothing happened yet or everything did. Safe to be done again.
 */
import type { Disk } from '@tidemark/platform';
import { batchLastOffset } from '@tidemark/wire';
import { LogError } from '../log-error.js';
import { scanBatches } from '../segment/batch-scan.js';
import {
  LOG_SUFFIX,
  SEGMENT_SUFFIXES,
  SWAP_SUFFIX,
  offsetFileName,
  offsetOfFileName,
} from '../segment/segment-names.js';

/** Whether anything changed. Throws LogError('corrupt'), DiskError. */
export function finishSwaps(disk: Disk, directory: string, names: readonly string[]): boolean {
  const swaps = names.filter((name) => name.endsWith(SWAP_SUFFIX));
  if (swaps.length === 0) return false;
  const bases = new Set<number>();
  for (const name of swaps) {
    const base = offsetOfFileName(name, LOG_SUFFIX + SWAP_SUFFIX);
    if (base !== undefined) bases.add(base);
  }
  for (const base of bases) finishSwap(disk, directory, names, base);
  for (const name of swaps) disk.removeSync(`${directory}/${name}`);
  disk.syncDirectorySync(directory);
  return true;
}

function finishSwap(disk: Disk, directory: string, names: readonly string[], base: number): void {
  const pathOf = (offset: number, suffix: string): string => `${directory}/${offsetFileName(offset, suffix)}`;
  const end = endOf(disk, pathOf(base, LOG_SUFFIX + SWAP_SUFFIX), base);
  for (const name of names) {
    const old = offsetOfFileName(name, LOG_SUFFIX);
    if (old === undefined || old < base || old >= end) continue;
    for (const suffix of SEGMENT_SUFFIXES) disk.removeSync(pathOf(old, suffix));
  }
  for (const suffix of [...SEGMENT_SUFFIXES].reverse()) {
    const path = pathOf(base, suffix);
    if (disk.existsSync(path + SWAP_SUFFIX)) disk.renameSync(path + SWAP_SUFFIX, path);
  }
}

/** One past its last offset, and beyond its base in any case: the segment of the same base is covered. */
function endOf(disk: Disk, path: string, base: number): number {
  let end = base + 1;
  const file = disk.openSync(path, 'read');
  try {
    const to = file.sizeSync();
    const checked = scanBatches(file, { from: 0, to, verify: true }, (bytes, at) => {
      end = batchLastOffset(bytes, at) + 1;
      return true;
    });
    if (checked < to) throw new LogError('corrupt', `${path}: byte ${checked} is damaged`);
    return end;
  } finally {
    file.closeSync();
  }
}
