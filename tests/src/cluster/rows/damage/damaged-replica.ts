/**
 * What the rows of damage have in common: one replica's broker goes down, something on its disk is changed, it comes back
 * and must be a good replica again. Holds nothing; rows say what is changed. That the replica is good again the
 * comparison of all replicas' bytes tells at the end of the row, and `thenLeads` by what clients read from it.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { batchBaseOffset, batchSizeBytes } from '@tidemark/wire';
import { eventually } from '../../../harness/eventually.js';
import type { Bite, Stage } from '../../../faults/row.js';
import { preferredLead } from '../leaders.js';

/**
 * Small segments, and none of them checkpointed: an opening after a kill reads them all. Both intervals, because both
 * checkpoints are written together, at the shorter of the two.
 */
export const SMALL_SEGMENTS = {
  'log.segment.bytes': '65536',
  'log.flush.offset.checkpoint.interval.ms': '3600000',
  'replica.high.watermark.checkpoint.interval.ms': '3600000',
  'log.index.interval.bytes': '1024',
} as const;
export const RECORD_BYTES = 200;

export interface Damage {
  /** SIGKILL: the opening checks what was not checkpointed. SIGTERM: it believes what it finds. */
  readonly stop: 'SIGKILL' | 'SIGTERM';
  /** Of partition 0 on the broker that is down. Says what was done. */
  readonly spoil: (directory: string) => string;
  /** The replica leads afterwards, and all is read from it. */
  readonly thenLeads?: boolean;
}

/** Partition 0's first replica suffers; the fault bit when files are not what they were. */
export async function damageReplica(stage: Stage, { stop, spoil, thenLeads }: Damage): Promise<Bite> {
  const { cluster, workload, topic } = stage;
  const victim = (await cluster.partitions(topic))[0]?.replicas[0] ?? 1;
  const broker = cluster.broker(victim);
  const directory = join(broker.dataDirectory, `${topic}-0`);
  await eventually(() => filesOf(directory, '.log').length >= 4, 60_000, 'there are closed segments');
  await broker.signal(stop);
  const before = contents(directory);
  const what = spoil(directory);
  const after = contents(directory);
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((name) => {
    const [one, other] = [before.get(name), after.get(name)];
    return one === undefined || other === undefined || !one.equals(other);
  });
  await workload.progress(30);
  await broker.restart();
  await cluster.inSync(topic);
  if (thenLeads === true) {
    await preferredLead(cluster, topic);
    await workload.readAgain();
    await cluster.inSync(topic);
  }
  return { bit: changed.length > 0, why: `broker ${victim} after ${stop}: ${what}`, group: stop };
}

export const filesOf = (directory: string, suffix: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(suffix))
    .sort();

/** A file in the middle of all of its kind. */
export function middleOf(directory: string, suffix: string): string {
  const files = filesOf(directory, suffix);
  const name = files[Math.floor((files.length - 1) / 2)];
  if (name === undefined) throw new Error(`no ${suffix} in ${directory}`);
  return join(directory, name);
}

export function lastOf(directory: string, suffix: string): string {
  const name = filesOf(directory, suffix).pop();
  if (name === undefined) throw new Error(`no ${suffix} in ${directory}`);
  return join(directory, name);
}

/** Where batches begin in a log file, and behind the last of them. */
export function batchesOf(path: string): { readonly at: number; readonly baseOffset: number }[] {
  const bytes = readFileSync(path);
  const found = [];
  for (let at = 0; at + 61 <= bytes.length; at += batchSizeBytes(bytes, at)) {
    found.push({ at, baseOffset: batchBaseOffset(bytes, at) });
  }
  return found;
}

export function flipBits(path: string, flips: number): void {
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

function contents(directory: string): Map<string, Buffer> {
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
}
