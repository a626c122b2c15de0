// D8. The disk of a leader is full, and has room again later.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../../faults/row.js';

const FULL_MS = 5_000;
const PIECE = Buffer.alloc(64 * 1024);

export const fullDisk: Row = {
  name: 'D8',
  what: 'the disk of a leader is full for some seconds',
  mustHold:
    'what does not fit is not acknowledged, no part of it is seen; the broker goes on when there is room',
  needs: 'disks',
  recordBytes: 1_000,
  rounds: 2,
  async fault({ cluster, disks, workload, topic }) {
    const victim = (await cluster.partitions(topic))[0]?.leader ?? 1;
    const filler = join(disks.directoryOf(victim), 'filler');
    const retries = workload.retries;
    fill(filler);
    await new Promise((resolve) => setTimeout(resolve, FULL_MS));
    fill(filler);
    const refused = workload.retries - retries;
    rmSync(filler);
    return { bit: refused > 0, why: `disk of broker ${victim} full: ${refused} retries` };
  },
};

/** To the last byte, piece by piece. */
function fill(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (let size = PIECE.length; size >= 1;) {
      try {
        writeSync(file, PIECE, 0, size);
        fsyncSync(file);
      } catch {
        size = Math.floor(size / 4);
      }
    }
  } finally {
    closeSync(file);
  }
}
