// D3. Behind the last batch of one replica there is what was never written: zeros, as of a preallocated block, or noise.
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Row } from '../../../faults/row.js';
import { damageReplica, lastOf, RECORD_BYTES, SMALL_SEGMENTS } from './damaged-replica.js';

const BYTES = 4096;

export const garbageTail: Row = {
  name: 'D3',
  what: `${BYTES} zeros, or as many random bytes, behind the last batch of one replica`,
  mustHold: 'they are no batch: the log ends where it ended, and goes on from there',
  settings: SMALL_SEGMENTS,
  recordBytes: RECORD_BYTES,
  rounds: 2,
  fault: (stage) =>
    damageReplica(stage, {
      stop: 'SIGKILL',
      spoil: (directory) => {
        const isZeros = stage.round % 2 === 0;
        appendFileSync(lastOf(directory, '.log'), isZeros ? Buffer.alloc(BYTES) : randomBytes(BYTES));
        return `${BYTES} ${isZeros ? 'zeros' : 'random bytes'} appended`;
      },
    }),
};
