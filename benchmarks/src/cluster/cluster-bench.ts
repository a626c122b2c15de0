/**
 * What replication costs: the same load on one replica, on three by primary-backup, and on three by quorum, which forces
 * every batch to disk before it counts; beside them three bare processes that forward and append. One run, rounds
 * interleaved, client and servers on the same cores; only the ratios mean something.
 *
 * Goals: primary-backup at least 30 % of one replica, quorum at least 10 %. Failover gaps are measured where kills are
 * proven to have bitten: `npm run faults -- P1`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '@tidemark/platform';
import { startBareServer, type ServerProcess } from '../broker-process.js';
import type { Figure } from '../figure.js';
import { median } from '../median.js';
import { runProduceLoad, type ProduceLoad } from '../produce-load.js';
import { createReplicatedTopic, startCluster, type ReplicatedTopic } from './cluster-processes.js';

const MEGABYTE = 1e6;
/** 1 kB records in batches of 64 kB, as four producers send them. */
const LOAD = { connections: 4, inFlightMax: 5, recordBytes: 1000, recordsPerBatch: 64, acks: -1 } as const;

export interface ClusterBenchSize {
  readonly rounds: number;
  readonly requests: number;
}

export const CLUSTER_FULL: ClusterBenchSize = { rounds: 7, requests: 12_000 };
export const CLUSTER_QUICK: ClusterBenchSize = { rounds: 3, requests: 2_000 };

const TOPICS = [
  { name: 'one', replicas: 1, protocol: 'primary-backup' },
  { name: 'backed', replicas: 3, protocol: 'primary-backup' },
  { name: 'agreed', replicas: 3, protocol: 'quorum' },
] as const;

export async function runClusterBench(
  { rounds, requests }: ClusterBenchSize,
  say: (line: string) => void,
  directory = tmpdir(),
): Promise<Figure[]> {
  const rates = { bare: [] as number[], one: [] as number[], backed: [] as number[], agreed: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    say(`cluster: round ${round + 1} of ${rounds}`);
    rates.bare.push(await inFreshHome(directory, (home) => bareRate(home, requests)));
    for (const topic of TOPICS) {
      rates[topic.name].push(await inFreshHome(directory, (home) => clusterRate(home, topic, requests)));
    }
  }
  return figuresOf(rates);
}

/** Each load has its own files, gone at its end: else the system writes back what is left of one load under the next. */
async function inFreshHome<T>(directory: string, measure: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(directory, 'tidemark-cluster-bench-'));
  try {
    return await measure(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Three brokers that have nothing but this topic. */
async function clusterRate(home: string, topic: ReplicatedTopic, requests: number): Promise<number> {
  const cluster = await startCluster(home);
  try {
    const [bootstrap] = cluster.addresses;
    if (bootstrap === undefined) throw new Error('a cluster without brokers');
    const address = await createReplicatedTopic(bootstrap, topic);
    return await rate({ ...LOAD, address, topic: topic.name, requests, checked: true });
  } finally {
    await cluster.stop();
  }
}

/** MB/s, after as much load that is not measured: meanwhile the engine compiles, in three processes more than in one. */
async function rate(load: ProduceLoad): Promise<number> {
  await runProduceLoad(load);
  const { bytes, seconds } = await runProduceLoad(load);
  return bytes / seconds / MEGABYTE;
}

/** Three bare processes, one of which forwards to the others. */
async function bareRate(home: string, requests: number): Promise<number> {
  const started: ServerProcess[] = [];
  try {
    for (let follower = 0; follower < 2; follower++) started.push(await startBareServer(home));
    const forwarder = await startBareServer(home, started);
    started.unshift(forwarder);
    const address: Address = forwarder.address;
    return await rate({ ...LOAD, address, topic: 'bare', requests, checked: false });
  } finally {
    for (const server of started) await server.stop();
  }
}

function figuresOf(
  rates: Readonly<Record<'bare' | 'one' | 'backed' | 'agreed', readonly number[]>>,
): Figure[] {
  const { bare, one, backed, agreed } = rates;
  const toOne = (values: readonly number[], atLeast: number): Figure['goal'] => ({
    measured: median(values.map((value, round) => value / (one[round] ?? Number.NaN))),
    of: 'of RF 1',
    atLeast,
  });
  const figure = (name: string, values: readonly number[], goal?: Figure['goal']): Figure => ({
    name,
    value: median(values),
    unit: 'MB/s',
    ...(goal === undefined ? {} : { goal }),
  });
  return [
    figure('bare forwarder, 3 processes', bare),
    figure('RF 1, 64 kB batches', one),
    figure('RF 3 primary-backup, 64 kB batches', backed, toOne(backed, 0.3)),
    figure('RF 3 quorum, 64 kB batches', agreed, toOne(agreed, 0.1)),
  ];
}
