// D2. The small files of one broker's data directory are cut to a half, emptied or overwritten while it is down: those
// that are hints are done without, those that are the truth stop the start with a sentence that names the file.
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eventually } from '../../../harness/eventually.js';
import type { BrokerProcess } from '../../../harness/broker-process.js';
import type { Row } from '../../../faults/row.js';
import { filesOf, RECORD_BYTES, SMALL_SEGMENTS } from './damaged-replica.js';

/** `partition`: in the directory of partition 0; the others at the root. Without the truth a broker must not start. */
const FILES = [
  { name: 'recovery-point-offset-checkpoint', isTruth: false },
  { name: 'replication-offset-checkpoint', isTruth: false },
  { name: 'log-start-offset-checkpoint', isTruth: false },
  { name: 'partition/leader-epoch-checkpoint', isTruth: false },
  { name: 'partition/*.snapshot', isTruth: false },
  { name: 'partition/*.timeindex', isTruth: false },
  { name: 'quorum-state', isTruth: true },
  { name: 'meta.properties', isTruth: true },
] as const;

/** Unlike the other rows of damage this one needs the checkpoints: they are what is spoilt. */
const CHECKPOINTED = {
  ...SMALL_SEGMENTS,
  'log.flush.offset.checkpoint.interval.ms': '500',
  'replica.high.watermark.checkpoint.interval.ms': '500',
} as const;

const WAYS: readonly ((bytes: Buffer) => Buffer)[] = [
  (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)),
  () => Buffer.alloc(0),
  (bytes) => Buffer.alloc(bytes.length, 0xa5),
];

export const damagedState: Row = {
  name: 'D2',
  what: 'a checkpoint, epoch file, snapshot, index, the vote or the identity of one broker is halved, emptied or noise',
  mustHold: 'hints are rebuilt; without its vote or identity the broker ends and says why; nothing is lost',
  settings: CHECKPOINTED,
  recordBytes: RECORD_BYTES,
  rounds: WAYS.length,
  faultsPerRound: FILES.length,
  async fault({ cluster, workload, topic, round }) {
    const victim = (await cluster.partitions(topic))[0]?.leader ?? 1;
    const broker = cluster.broker(victim);
    const { name, isTruth } = FILES[round % FILES.length] ?? FILES[0];
    const find = (): string | undefined => pathOf(broker.dataDirectory, topic, name);
    const path = await eventually(find, 60_000, `there is ${name}`);
    await broker.signal('SIGKILL');
    const was = readFileSync(path);
    const spoilt = WAYS[Math.floor(round / FILES.length) % WAYS.length]?.(was) ?? was;
    copyFileSync(path, `${broker.directory}/undamaged`);
    writeFileSync(path, spoilt);
    await workload.progress(10);
    broker.launch();
    const broken = isTruth ? await refuses(broker, basename(path)) : [];
    if (isTruth) renameSync(`${broker.directory}/undamaged`, path);
    if (!broker.running) broker.launch();
    await broker.ready(60_000);
    await cluster.inSync(topic);
    return { bit: !was.equals(spoilt), why: `${name} of broker ${victim}: ${was.length} bytes`, broken };
  },
};

function pathOf(root: string, topic: string, name: string): string | undefined {
  const directory = name.startsWith('partition/') ? join(root, `${topic}-0`) : root;
  const plain = basename(name);
  const found = plain.startsWith('*') ? filesOf(directory, plain.slice(1)).pop() : plain;
  const path = found === undefined ? undefined : join(directory, found);
  return path !== undefined && existsSync(path) && readFileSync(path).length > 0 ? path : undefined;
}

/** It ends by itself, not with 0, and names the file. */
async function refuses(broker: BrokerProcess, file: string): Promise<string[]> {
  await eventually(() => !broker.running, 30_000, `broker ${broker.nodeId} refuses to start`);
  if (broker.exitCode === 0) return [`broker ${broker.nodeId} ended with 0`];
  return broker.log.includes(file) ? [] : [`broker ${broker.nodeId} does not name ${file}: ${broker.log}`];
}
