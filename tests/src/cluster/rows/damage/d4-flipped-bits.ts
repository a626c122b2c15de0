// D4. Bits flip in a closed segment of one replica while its broker is down. The segment is above the recovery point, so
// that the opening reads it; after an orderly end the opening believes what it finds, and a reader finds the damage.
import type { Row } from '../../../faults/row.js';
import { damageReplica, filesOf, flipBits, RECORD_BYTES, SMALL_SEGMENTS } from './damaged-replica.js';
import { join } from 'node:path';

const FLIPS = 100;

export const flippedBits: Row = {
  name: 'D4',
  what: `${FLIPS} bits flip in a closed segment of one replica`,
  mustHold: 'never served; the replica repairs itself from a peer; all replicas are equal afterwards',
  settings: SMALL_SEGMENTS,
  recordBytes: RECORD_BYTES,
  rounds: 2,
  fault: (stage) =>
    damageReplica(stage, {
      stop: stage.round % 2 === 0 ? 'SIGKILL' : 'SIGTERM',
      spoil: (directory) => {
        const segment = filesOf(directory, '.log')[0] ?? '';
        flipBits(join(directory, segment), FLIPS);
        return `${FLIPS} bits of ${segment}`;
      },
      thenLeads: stage.round % 2 === 1,
    }),
};
