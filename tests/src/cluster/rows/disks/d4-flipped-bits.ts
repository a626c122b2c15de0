// D4. Bits flip in a closed segment of one replica while its broker is down. The segment is above the recovery point, so
// that the opening reads it: what is below is only found to be damaged when somebody reads it.
import { openSync, readdirSync, readSync, statSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';

const FLIPS = 100;

export const flippedBits: Row = {
  name: 'D4',
  what: `${FLIPS} bits flip in a closed segment of one replica`,
  mustHold: 'never served; the replica repairs itself from a peer; all replicas are equal afterwards',
  settings: { 'log.segment.bytes': '65536', 'log.flush.offset.checkpoint.interval.ms': '3600000' },
  recordBytes: 200,
  rounds: 1,
  async fault({ cluster, workload, topic, round }) {
    const view = (await cluster.partitions(topic))[0];
    const victim = view?.replicas[round % 3] ?? 1;
    const broker = cluster.broker(victim);
    const directory = join(broker.dataDirectory, `${topic}-0`);
    await eventually(() => segmentsOf(directory).length >= 3, 60_000, 'there are closed segments');
    await broker.signal('SIGKILL');
    const segment = join(directory, segmentsOf(directory)[0] ?? '');
    flipBits(segment, FLIPS);
    await workload.progress(30);
    await broker.restart();
    await cluster.inSync(topic);
    return { bit: true, why: `${FLIPS} bits of ${segment.slice(-24)} on broker ${victim}` };
  },
};

const segmentsOf = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .sort();

function flipBits(path: string, flips: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  const { size } = statSync(path);
  for (let flip = 0; flip < flips; flip++) {
    const at = Math.floor(Math.random() * size);
    readSync(file, byte, 0, 1, at);
    byte.writeUInt8((byte[0] ?? 0) ^ (1 << Math.floor(Math.random() * 8)));
    writeSync(file, byte, 0, 1, at);
  }
  closeSync(file);
}
