// D7. A disk writes a whole, good batch to the wrong place, over another of the same size: every checksum is right.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Row } from '../../../faults/row.js';
import { batchesOf, damageReplica, middleOf, RECORD_BYTES, SMALL_SEGMENTS } from './damaged-replica.js';

export const misdirectedWrite: Row = {
  name: 'D7',
  what: 'a good batch lies over another one of the same size in a closed segment of one replica',
  mustHold: 'its offset betrays it: never served in the wrong place; the replica is repaired from a peer',
  settings: SMALL_SEGMENTS,
  recordBytes: RECORD_BYTES,
  rounds: 2,
  fault: (stage) =>
    damageReplica(stage, {
      stop: stage.round % 2 === 0 ? 'SIGKILL' : 'SIGTERM',
      thenLeads: true,
      spoil: (directory) => {
        const segment = middleOf(directory, '.log');
        const [from, to] = twoOfOneSize(segment);
        const bytes = readFileSync(segment);
        const file = openSync(segment, 'r+');
        writeSync(file, bytes, from.at, from.bytes, to.at);
        closeSync(file);
        return `batch ${from.baseOffset} written over batch ${to.baseOffset}`;
      },
    }),
};

interface Placed {
  readonly at: number;
  readonly bytes: number;
  readonly baseOffset: number;
}

/** Apart from each other, so that neither is the other's neighbour. */
function twoOfOneSize(segment: string): [Placed, Placed] {
  const batches = batchesOf(segment);
  const sized = batches.slice(0, -1).map(({ at, baseOffset }, index) => ({
    at,
    baseOffset,
    bytes: (batches[index + 1]?.at ?? at) - at,
  }));
  for (const [index, from] of sized.entries()) {
    const to = sized.slice(index + 3).find(({ bytes }) => bytes === from.bytes);
    if (to !== undefined) return [from, to];
  }
  throw new Error(`no two batches of one size in ${segment}`);
}
