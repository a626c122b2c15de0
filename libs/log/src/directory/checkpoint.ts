/**
 * Kafka's checkpoint files: a version, a count, and as many lines of words and numbers. Written whole or not at all.
 * Used for leader epochs (per partition) and for offsets by partition (at the root of a data directory).
 */
import { DiskError, readFully, writeFileAtomically, type Disk } from '@tidemark/platform';
import { LogError } from '../log-error.js';

const VERSION = '0';

export function writeCheckpoint(disk: Disk, path: string, lines: readonly string[]): void {
  writeFileAtomically(disk, path, checkpointOf(lines));
}

function checkpointOf(lines: readonly string[]): Uint8Array {
  const text = `${VERSION}\n${lines.length}\n${lines.map((line) => `${line}\n`).join('')}`;
  return Buffer.from(text, 'utf8');
}

/** The lines; none when there is no file. Throws `LogError('corrupt')` when the file is not what was written. */
export function readCheckpoint(disk: Disk, path: string): string[] {
  let text: string;
  try {
    text = Buffer.from(readFully(disk, path)).toString('utf8');
  } catch (error) {
    if (error instanceof DiskError && error.code === 'not-found') return [];
    throw error;
  }
  const [version, count, ...rest] = text.split('\n');
  if (version !== VERSION) throw new LogError('corrupt', `${path}: version ${version ?? ''} is not known`);
  const lines = rest.filter((line) => line !== '');
  if (count === undefined || !/^\d+$/.test(count) || Number(count) !== lines.length) {
    throw new LogError('corrupt', `${path}: says ${count ?? ''} lines, has ${lines.length}`);
  }
  return lines;
}

/** Offsets by `<topic>-<partition>`, as the root checkpoints hold them. */
export function readOffsetCheckpoint(disk: Disk, path: string): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const line of readCheckpoint(disk, path)) {
    const [topic, partition, offset] = line.split(' ');
    if (topic === undefined || !/^\d+$/.test(partition ?? '') || !/^-?\d+$/.test(offset ?? '')) {
      throw new LogError('corrupt', `${path}: cannot read the line "${line}"`);
    }
    offsets.set(`${topic}-${partition ?? ''}`, Number(offset));
  }
  return offsets;
}

export function writeOffsetCheckpoint(disk: Disk, path: string, offsets: ReadonlyMap<string, number>): void {
  writeFileAtomically(disk, path, offsetCheckpointOf(offsets));
}

/** What such a file holds. */
export function offsetCheckpointOf(offsets: ReadonlyMap<string, number>): Uint8Array {
  const lines = [...offsets].map(([name, offset]) => {
    const dash = name.lastIndexOf('-');
    return `${name.slice(0, dash)} ${name.slice(dash + 1)} ${offset}`;
  });
  return checkpointOf(lines);
}
