// D5. The indexes of one replica lie: bits flipped, another segment's, cut short, gone. After an orderly end, so that the
// opening believes its segments and does not read them; then the replica leads and all is read through its indexes.
import { copyFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../../faults/row.js';
import {
  damageReplica,
  filesOf,
  flipBits,
  lastOf,
  middleOf,
  RECORD_BYTES,
  SMALL_SEGMENTS,
} from './damaged-replica.js';

const KINDS: readonly { readonly name: string; readonly spoil: (path: string, other: string) => void }[] = [
  { name: 'bits flipped', spoil: (path) => flipBits(path, 20) },
  { name: 'of another segment', spoil: (path, other) => copyFileSync(other, path) },
  { name: 'cut in an entry', spoil: (path) => truncateSync(path, Math.floor(statSync(path).size / 2) | 1) },
  { name: 'gone', spoil: (path) => rmSync(path) },
];

export const damagedIndex: Row = {
  name: 'D5',
  what: 'the offset and time indexes of one replica are damaged, swapped, cut or deleted',
  mustHold: 'indexes are hints: rebuilt, or done without; the replica leads and every record is read from it',
  settings: SMALL_SEGMENTS,
  recordBytes: RECORD_BYTES,
  rounds: KINDS.length,
  fault: (stage) =>
    damageReplica(stage, {
      stop: 'SIGTERM',
      thenLeads: true,
      spoil: (directory) => {
        const { name, spoil } = KINDS[stage.round % KINDS.length] ?? { name: '', spoil: () => undefined };
        for (const suffix of ['.index', '.timeindex']) {
          const victim = middleOf(directory, suffix);
          const others = filesOf(directory, suffix).map((file) => join(directory, file));
          spoil(victim, others.find((path) => path !== victim) ?? lastOf(directory, suffix));
        }
        return `indexes ${name}`;
      },
    }),
};
