/**
 * Whether a log may have gaps between its batches. Only compaction makes them, here or at the leader that the log is
 * copied from; in any other log a gap is a segment or a batch that went missing. The empty file `sparse` says it, and
 * stays when the topic is no longer compacted, for its gaps do.
 */
import { writeFileAtomically, type Disk } from '@tidemark/platform';

const FILE = 'sparse';
const NOTHING = new Uint8Array(0);

export function isMarkedSparse(disk: Disk, directory: string): boolean {
  return disk.existsSync(`${directory}/${FILE}`);
}

/** On disk before the first gap is. Throws DiskError. */
export function markSparse(disk: Disk, directory: string): void {
  writeFileAtomically(disk, `${directory}/${FILE}`, NOTHING);
}
