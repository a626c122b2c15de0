/**
 * How long a broker takes to start with much log that was closed in order, beside the same broker with none. Measures the
 * room on the disk first: takes a third of it at most, says how much that was, and removes it.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBatch, createTopicsApi, ErrorCode, produceApi } from '@tidemark/wire';
import { atExit } from '../../harness/at-exit.js';
import { BrokerProcess } from '../../harness/broker-process.js';
import { WireConnection } from '../../harness/wire-connection.js';
import { medianOf } from '../run-row.js';
import { spreadOf, type Show, type ShowOptions, type ShowResult } from './show.js';

const GIB = 1024 ** 3;
const WANTED_GIB = 10;
const WITHIN_MS = 1_000;
const ROUNDS = 5;
const TOPIC = 'long';
const PARTITIONS = 24;
const BATCH_BYTES = 1_000_000;
const IN_FLIGHT = 5;
const CLOSING_MS = 300_000;
const SETTINGS = { 'log.segment.bytes': String(128 * 1024 * 1024) };

export const longLogShow: Show = {
  name: 'long-log',
  what: `a broker with ${WANTED_GIB} GiB of log that was closed in order is started, beside one with none`,
  mustHold: `ready within ${WITHIN_MS} ms more`,
  async run(options): Promise<ShowResult> {
    const home = mkdtempSync(join(tmpdir(), 'tidemark-long-log-'));
    const undone = atExit(() => rmSync(home, { recursive: true, force: true }));
    try {
      const { bavail, bsize } = statfsSync(home);
      const gib = Math.min(WANTED_GIB, Math.floor((bavail * bsize) / GIB / 3));
      if (gib < 1) return { figures: [], reasons: [], invalid: 'no room for 1 GiB of log on this disk' };
      return await compare(home, gib, options);
    } finally {
      rmSync(home, { recursive: true, force: true });
      undone();
    }
  },
};

async function compare(
  home: string,
  gib: number,
  { rounds = ROUNDS, say }: ShowOptions,
): Promise<ShowResult> {
  const empty = await prepared(join(home, 'empty'));
  const full = await prepared(join(home, 'full'));
  try {
    await full.restart();
    await fill(full, gib, say);
    const closing = performance.now();
    await full.signal('SIGTERM');
    say(`closed in ${Math.round(performance.now() - closing)} ms with ${full.exitCode}`);
    await empty.restart();
    await empty.signal('SIGTERM');
    const [withNone, withLog]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      withNone.push(await startMs(empty));
      withLog.push(await startMs(full));
      say(
        `ready after ${Math.round(withNone[round] ?? 0)} ms with none, ${Math.round(withLog[round] ?? 0)} ms with ${gib} GiB`,
      );
    }
    const moreMs = medianOf(withLog) - medianOf(withNone);
    const figure = `${gib} GiB in ${PARTITIONS} partitions: ready after ${spreadOf(withLog)} (median/max of ${rounds}), with no log after ${spreadOf(withNone)}: ${Math.round(moreMs)} ms more`;
    const reasons = moreMs > WITHIN_MS ? [`${Math.round(moreMs)} ms more, limit ${WITHIN_MS} ms`] : [];
    return { figures: [figure], reasons };
  } finally {
    await Promise.all([empty.stop(), full.stop()]);
  }
}

const prepared = (directory: string): Promise<BrokerProcess> =>
  BrokerProcess.prepare({ directory, settings: SETTINGS });

/** From the start of the process to its word that it is ready; it is told to end again, in order. */
async function startMs(broker: BrokerProcess): Promise<number> {
  const begun = performance.now();
  broker.launch();
  await broker.ready(CLOSING_MS);
  const tookMs = performance.now() - begun;
  await broker.signal('SIGTERM');
  if (broker.exitCode !== 0) throw new Error(`the broker ended with ${broker.exitCode}: ${broker.log}`);
  return tookMs;
}

async function fill(broker: BrokerProcess, gib: number, say: (line: string) => void): Promise<void> {
  const connection = await WireConnection.open(broker.address);
  try {
    const topics = [
      { name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] },
    ];
    await connection.request(createTopicsApi, 5, { topics, timeoutMs: 10_000 });
    const value = Buffer.alloc(BATCH_BYTES, 'tidemark ');
    const records = buildBatch([{ key: null, value, headers: [] }], { timestamp: Date.now() });
    const batches = Math.ceil((gib * GIB) / records.length);
    let sent = 0;
    const one = async (): Promise<void> => {
      while (sent < batches) {
        const index = sent++ % PARTITIONS;
        if (sent % 2_000 === 0) say(`${Math.round((sent / batches) * 100)} % of ${gib} GiB written`);
        const partitionData = [{ index, records }];
        const request = {
          transactionalId: null,
          acks: 1,
          timeoutMs: 60_000,
          topicData: [{ name: TOPIC, partitionData }],
        };
        const answer = await connection.request(produceApi, 9, request);
        const error = answer.responses[0]?.partitionResponses[0]?.errorCode;
        if (error !== ErrorCode.NONE) throw new Error(`produce: error ${error}`);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  } finally {
    connection.close();
  }
}
