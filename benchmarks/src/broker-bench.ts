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
import { runProduceLoad, type LoadResult, type ProduceLoad } from './produce-load.js';

const TOPIC = 'bench';
const ROUNDS = 5;
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
const LARGE_REQUESTS = 1_000;
const SMALL_REQUESTS = 400_000;
const FETCH_REQUESTS = 2_000;
/** The newest batches, which are read again and again. */
const TAIL_BATCHES = 2;

export interface BrokerBench {
  readonly ddMBps: number;
  readonly bareMBps: number;
  readonly brokerMBps: number;
  readonly bareRequestsPerSecond: number;
  readonly brokerRequestsPerSecond: number;
  readonly fetchMBps: number;
  readonly idleRssMB: number;
  readonly loadedRssMB: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
const mbps = ({ bytes, seconds }: LoadResult): number => bytes / seconds / MEGABYTE;
const perSecond = ({ requests, seconds }: LoadResult): number => requests / seconds;

function ddRate(directory: string): number {
  const path = join(directory, 'dd');
  const run = spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=1M', `count=${LARGE_REQUESTS}`], {
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

function load(address: Address, shape: typeof LARGE | typeof SMALL, checked: boolean): ProduceLoad {
  return { ...shape, address, checked, requests: shape === LARGE ? LARGE_REQUESTS : SMALL_REQUESTS };
}

/** `directory` decides which file system is measured. */
export async function runBrokerBench(directory = tmpdir()): Promise<BrokerBench> {
  const home = mkdtempSync(join(directory, 'tidemark-broker-bench-'));
  const dd: number[] = [];
  const bare = { large: [] as number[], small: [] as number[] };
  const broker = { large: [] as number[], small: [] as number[], fetch: [] as number[] };
  const rss = { idle: [] as number[], loaded: [] as number[] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      dd.push(ddRate(home));
      await withServer(startBareServer(home), async ({ address }) => {
        bare.large.push(mbps(await runProduceLoad(load(address, LARGE, false))));
      });
      await withServer(startBroker(home), async (server) => {
        await createTopic(server.address, TOPIC);
        rss.idle.push(server.rss() / MEGABYTE);
        broker.large.push(mbps(await runProduceLoad(load(server.address, LARGE, true))));
        broker.fetch.push(mbps(await fetchTail(server.address)));
        rss.loaded.push(server.rss() / MEGABYTE);
      });
      await withServer(startBareServer(home), async ({ address }) => {
        bare.small.push(perSecond(await runProduceLoad(load(address, SMALL, false))));
      });
      await withServer(startBroker(home), async ({ address }) => {
        await createTopic(address, TOPIC);
        broker.small.push(perSecond(await runProduceLoad(load(address, SMALL, true))));
      });
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return {
    ddMBps: median(dd),
    bareMBps: median(bare.large),
    brokerMBps: median(broker.large),
    bareRequestsPerSecond: median(bare.small),
    brokerRequestsPerSecond: median(broker.small),
    fetchMBps: median(broker.fetch),
    idleRssMB: median(rss.idle),
    loadedRssMB: median(rss.loaded),
  };
}

/** Reads the newest batches over and over: what every consumer that keeps up asks for. */
async function fetchTail(address: Address): Promise<LoadResult> {
  const { baseOffset, batchBytes } = await produceOne(address, LARGE);
  const offsets = Array.from(
    { length: TAIL_BATCHES },
    (_, index) => baseOffset - (TAIL_BATCHES - 1 - index) * LARGE.recordsPerBatch,
  );
  return runFetchLoad({
    address,
    topic: TOPIC,
    offsets,
    batchBytes,
    requests: FETCH_REQUESTS,
    inFlightMax: 2,
  });
}

/** The figures as lines for people; goals beside them. */
export function describeBrokerBench(bench: BrokerBench): string[] {
  const whole = (value: number): string => Math.round(value).toLocaleString('en');
  const ratio = (value: number, of: number, goal: number): string =>
    `${(value / of).toFixed(2)} (goal >= ${goal.toFixed(2)})${value / of >= goal ? '' : '  MISSED'}`;
  return [
    `dd bs=1M                          ${whole(bench.ddMBps)} MB/s`,
    `bare server, MiB batches          ${whole(bench.bareMBps)} MB/s, of dd ${ratio(bench.bareMBps, bench.ddMBps, 0.5)}`,
    `broker, MiB batches               ${whole(bench.brokerMBps)} MB/s, of bare ${ratio(bench.brokerMBps, bench.bareMBps, 0.5)}`,
    `broker, fetch from memory         ${whole(bench.fetchMBps)} MB/s, of produce ${ratio(bench.fetchMBps, bench.brokerMBps, 1)}`,
    `bare server, 100 B unbatched      ${whole(bench.bareRequestsPerSecond)} requests/s`,
    `broker, 100 B unbatched           ${whole(bench.brokerRequestsPerSecond)} requests/s, of bare ${ratio(bench.brokerRequestsPerSecond, bench.bareRequestsPerSecond, 1 / 3)}`,
    `broker memory, idle               ${bench.idleRssMB.toFixed(1)} MB (goal < 80)${bench.idleRssMB < 80 ? '' : '  MISSED'}`,
    `broker memory, after that load    ${bench.loadedRssMB.toFixed(1)} MB`,
  ];
}
