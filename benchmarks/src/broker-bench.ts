/**
 * The broker against a bare Node server in one run, on the machine at hand: how much of what Node can do is left when
 * a log broker is built on it. Rounds are interleaved and medians reported, because free memory and other load decide
 * more than code does; only ratios inside one run mean anything.
 *
 * Goals: MiB batches >= 1/2 of the bare server's bytes per second; unbatched 100-byte records >= 1/3 of its requests
 * per second; reading from memory >= producing; idle memory < 80 MB; the bare server itself >= 1/2 of `dd bs=1M`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '@tidemark/platform';
import { startBareServer, startBroker, type ServerProcess } from './broker-process.js';
import { runFetchLoad } from './fetch-load.js';
import { createTopic, produceOne } from './kafka-setup.js';
import type { Figure } from './figure.js';
import { median } from './median.js';
import { runProduceLoad, type LoadResult, type ProduceLoad } from './produce-load.js';

const TOPIC = 'bench';
const MEGABYTE = 1e6;

/** Batches of a MiB of 1 kB records, one connection. */
const LARGE = {
  topic: TOPIC,
  connections: 1,
  inFlightMax: 5,
  recordBytes: 1000,
  recordsPerBatch: 1024,
  acks: -1,
} as const;
/** One record of 100 bytes per request, eight connections. */
const SMALL = {
  topic: TOPIC,
  connections: 8,
  inFlightMax: 64,
  recordBytes: 100,
  recordsPerBatch: 1,
  acks: -1,
} as const;
/** The newest batches, which are read again and again. */
const TAIL_BATCHES = 2;

export interface BrokerBenchSize {
  readonly rounds: number;
  readonly largeRequests: number;
  readonly smallRequests: number;
  readonly fetchRequests: number;
}

export const BROKER_FULL: BrokerBenchSize = {
  rounds: 5,
  largeRequests: 1_000,
  smallRequests: 400_000,
  fetchRequests: 2_000,
};
export const BROKER_QUICK: BrokerBenchSize = {
  rounds: 3,
  largeRequests: 300,
  smallRequests: 100_000,
  fetchRequests: 500,
};

/** What each round found; rates in MB/s and requests/s, memory in MB. */
interface Rounds {
  readonly dd: number[];
  readonly bareLarge: number[];
  readonly brokerLarge: number[];
  readonly fetch: number[];
  readonly bareSmall: number[];
  readonly brokerSmall: number[];
  readonly idle: number[];
  readonly loaded: number[];
}

const mbps = ({ bytes, seconds }: LoadResult): number => bytes / seconds / MEGABYTE;
const perSecond = ({ requests, seconds }: LoadResult): number => requests / seconds;

function ddRate(directory: string, mebibytes: number): number {
  const path = join(directory, 'dd');
  const run = spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=1M', `count=${mebibytes}`], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  rmSync(path, { force: true });
  const [, bytes = 'NaN', seconds = 'NaN'] = /(\d+) bytes.*, ([\d.e-]+) s,/.exec(run.stderr.toString()) ?? [];
  return Number(bytes) / Number(seconds) / MEGABYTE;
}

/** One fresh server, one load, so that both sides write to a new file and neither has more history. */
async function withServer<T>(
  server: Promise<ServerProcess>,
  use: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  const started = await server;
  try {
    return await use(started);
  } finally {
    await started.stop();
  }
}

/** The load, after a quarter of it that is not measured: neither side is timed while its code is being compiled. */
async function measured(produce: ProduceLoad): Promise<LoadResult> {
  await runProduceLoad({ ...produce, requests: Math.ceil(produce.requests / 4) });
  return runProduceLoad(produce);
}

/** `directory` decides which file system is measured. */
export async function runBrokerBench(
  size: BrokerBenchSize,
  say: (line: string) => void,
  directory = tmpdir(),
): Promise<Figure[]> {
  const home = mkdtempSync(join(directory, 'tidemark-broker-bench-'));
  const rounds: Rounds = {
    dd: [],
    bareLarge: [],
    brokerLarge: [],
    fetch: [],
    bareSmall: [],
    brokerSmall: [],
    idle: [],
    loaded: [],
  };
  try {
    for (let round = 0; round < size.rounds; round++) {
      say(`broker: round ${round + 1} of ${size.rounds}`);
      await measureRound(home, size, rounds);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return figuresOf(rounds);
}

/** Both sides in turn, each in a new process on a new file of the same size. */
async function measureRound(home: string, size: BrokerBenchSize, rounds: Rounds): Promise<void> {
  const large = { ...LARGE, requests: size.largeRequests };
  const small = { ...SMALL, requests: size.smallRequests };
  await withServer(startBareServer(home), async ({ address }) => {
    rounds.dd.push(ddRate(home, size.largeRequests));
    rounds.bareLarge.push(mbps(await measured({ ...large, address, checked: false })));
  });
  await withServer(startBroker(home), async (server) => {
    const { address } = server;
    await createTopic(address, TOPIC);
    rounds.idle.push(server.rss() / MEGABYTE);
    // Both sides write to pages that dd has just given back: first touch of others costs more than all the code.
    ddRate(home, size.largeRequests);
    rounds.brokerLarge.push(mbps(await measured({ ...large, address, checked: true })));
    rounds.fetch.push(mbps(await fetchTail(address, size.fetchRequests)));
    rounds.loaded.push(server.rss() / MEGABYTE);
  });
  await withServer(startBareServer(home), async ({ address }) => {
    rounds.bareSmall.push(perSecond(await measured({ ...small, address, checked: false })));
  });
  await withServer(startBroker(home), async ({ address }) => {
    await createTopic(address, TOPIC);
    rounds.brokerSmall.push(perSecond(await measured({ ...small, address, checked: true })));
  });
}

/** Reads the newest batches over and over: what every consumer that keeps up asks for. */
async function fetchTail(address: Address, requests: number): Promise<LoadResult> {
  const { baseOffset, batchBytes } = await produceOne(address, LARGE);
  const offsets = Array.from(
    { length: TAIL_BATCHES },
    (_, index) => baseOffset - (TAIL_BATCHES - 1 - index) * LARGE.recordsPerBatch,
  );
  return runFetchLoad({ address, topic: TOPIC, offsets, batchBytes, requests, inFlightMax: 2 });
}

/** A ratio is the median of the rounds' ratios, so that a slow moment of the machine weighs on both of its sides. */
function ratio(values: readonly number[], others: readonly number[]): number {
  return median(values.map((value, round) => value / (others[round] ?? Number.NaN)));
}

function figuresOf(rounds: Rounds): Figure[] {
  const { dd, bareLarge, brokerLarge, fetch, bareSmall, brokerSmall, idle, loaded } = rounds;
  const rate = (name: string, values: readonly number[], unit: string, goal?: Figure['goal']): Figure => ({
    name,
    value: median(values),
    unit,
    ...(goal === undefined ? {} : { goal }),
  });
  const toOther = (values: readonly number[], others: readonly number[], of: string, atLeast: number) => ({
    measured: ratio(values, others),
    of,
    atLeast,
  });
  const idleMB = median(idle);
  return [
    rate('dd bs=1M', dd, 'MB/s'),
    rate('bare server, MiB batches', bareLarge, 'MB/s', toOther(bareLarge, dd, 'of dd', 0.5)),
    rate('broker, MiB batches', brokerLarge, 'MB/s', toOther(brokerLarge, bareLarge, 'of bare', 0.5)),
    rate('broker, fetch from memory', fetch, 'MB/s', toOther(fetch, brokerLarge, 'of produce', 1)),
    rate('bare server, 100 B unbatched', bareSmall, 'requests/s'),
    rate(
      'broker, 100 B unbatched',
      brokerSmall,
      'requests/s',
      toOther(brokerSmall, bareSmall, 'of bare', 1 / 3),
    ),
    { name: 'broker memory, idle', value: idleMB, unit: 'MB', goal: { measured: idleMB, below: 80 } },
    rate('broker memory, after that load', loaded, 'MB'),
  ];
}
