// D1. The last batch of one replica is torn: at its first byte, within its header, behind it, in the middle, before its
// last byte. Every single byte of a batch is tried on the log alone, in `libs/log/src/recovery.spec.ts`.
import { statSync, truncateSync } from 'node:fs';
import type { Row } from '../../../faults/row.js';
import { batchesOf, damageReplica, lastOf, RECORD_BYTES, SMALL_SEGMENTS } from './damaged-replica.js';

const CUTS: readonly ((bytes: number) => number)[] = [
  () => 1,
  () => 17,
  () => 60,
  () => 61,
  (bytes) => Math.floor(bytes / 2),
  (bytes) => bytes - 1,
];

export const tornWrite: Row = {
  name: 'D1',
  what: 'the last batch of one replica is torn, at a different byte each time',
  mustHold: 'the log is its longest valid prefix; what is missing comes from a peer; all replicas are equal',
  settings: SMALL_SEGMENTS,
  recordBytes: RECORD_BYTES,
  rounds: CUTS.length,
  fault: (stage) =>
    damageReplica(stage, {
      stop: 'SIGKILL',
      spoil: (directory) => {
        const segment = lastOf(directory, '.log');
        const { at } = batchesOf(segment).pop() ?? { at: 0 };
        const bytes = statSync(segment).size - at;
        const kept = CUTS[stage.round % CUTS.length]?.(bytes) ?? 0;
        truncateSync(segment, at + kept);
        return `${kept} of the ${bytes} bytes of the last batch are left`;
      },
    }),
};
