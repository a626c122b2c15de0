/**
 * Clears a partition's directory of what an earlier process began and did not finish. Called before a log is loaded.
 */
import type { Disk } from '@tidemark/platform';
import { finishSwaps } from '../compaction/swap-recovery.js';
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
  offsetOfFileName,
} from './segment-names.js';

const TEMPORARY_SUFFIX = '.tmp';
const INDEX_SUFFIXES = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX];

/** The names that are left, sorted. Throws `LogError('corrupt')` when a compacted segment is damaged. */
export function sweepDirectory(disk: Disk, directory: string): string[] {
  let names = disk.listSync(directory);
  if (finishSwaps(disk, directory, names)) names = disk.listSync(directory);
  const segments = new Set(names.map((name) => offsetOfFileName(name, LOG_SUFFIX)));
  const isLeftOver = (name: string): boolean => {
    if ([DELETED_SUFFIX, CLEANED_SUFFIX, TEMPORARY_SUFFIX].some((suffix) => name.endsWith(suffix)))
      return true;
    // An index without its segment.
    return INDEX_SUFFIXES.some((suffix) => {
      const offset = offsetOfFileName(name, suffix);
      return offset !== undefined && !segments.has(offset);
    });
  };
  const leftOvers = new Set(names.filter(isLeftOver));
  for (const name of leftOvers) disk.removeSync(`${directory}/${name}`);
  return names.filter((name) => !leftOvers.has(name));
}
