// D6. A segment in the middle of one replica's log is gone, or two have changed places.
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../../faults/row.js';
import { damageReplica, filesOf, middleOf, RECORD_BYTES, SMALL_SEGMENTS } from './damaged-replica.js';

const KINDS = ['gone', 'swapped'] as const;

export const lostSegment: Row = {
  name: 'D6',
  what: 'a segment in the middle of one replica is deleted, or swapped with another; after a kill and an orderly end',
  mustHold: 'the hole is seen, nothing behind it is served or thrown away; the replica is copied from a peer',
  settings: SMALL_SEGMENTS,
  recordBytes: RECORD_BYTES,
  rounds: 4,
  fault: (stage) =>
    damageReplica(stage, {
      stop: stage.round < 2 ? 'SIGKILL' : 'SIGTERM',
      thenLeads: true,
      spoil: (directory) => {
        const middle = middleOf(directory, '.log');
        if (KINDS[stage.round % 2] === 'gone') {
          rmSync(middle);
          return `${middle.slice(-24)} deleted`;
        }
        const first = join(directory, filesOf(directory, '.log')[0] ?? '');
        renameSync(middle, `${middle}.away`);
        renameSync(first, middle);
        renameSync(`${middle}.away`, first);
        return `${middle.slice(-24)} and the first segment swapped`;
      },
    }),
};
