/**
 * What the specs about data directories share: a broker whose directory holds numbers in one partition of several
 * segments, its files by kind, and how a start that is refused must end.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '@tidemark/wire';
import { BrokerProcess } from '../harness/broker-process.js';
import { eventually } from '../harness/eventually.js';
import { runTool, type Finished } from '../harness/tool.js';
import { WireConnection } from '../harness/wire-connection.js';
import { fill, survey, untilLeader } from './partition-survey.js';

const MAIN = join(import.meta.dirname, '../../../apps/broker/dist/main.js');
export const TOPIC = 'ledger';
const BATCHES = 60;
/** Numbers in the partition, at the offsets that they name. */
export const NUMBERS = BATCHES * 5;
const SETTINGS = {
  'log.segment.bytes': '20000',
  'log.index.interval.bytes': '2000',
  'log.flush.offset.checkpoint.interval.ms': '100',
  'replica.high.watermark.checkpoint.interval.ms': '100',
};

/** Starts a broker on `data` that should not come up; answers how it ended. */
export function start(data: string, environment: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return runTool(process.execPath, [MAIN], { environment: environmentOf(data, environment) });
}

/** The same as another user, who must be able to read the program. */
export function startAs(uid: number | undefined, data: string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN], {
      env: environmentOf(data, {}),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...said }));
  });
}

function environmentOf(
  data: string,
  environment: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    TIDEMARK_NODE_ID: '1',
    TIDEMARK_CLUSTER_ID: 'tidemark-test-cluster1',
    TIDEMARK_DATA: data,
    TIDEMARK_LISTEN: '127.0.0.1:0',
    TIDEMARK_LOG_LEVEL: 'silent',
    ...environment,
  };
}

/** One line on stderr that holds `what`, nothing else said, and a status that is no success. */
export function expectRefusal({ status, stdout, stderr }: Finished, what: string | RegExp, code = 1): void {
  expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(what)]);
  expect(stderr).toMatch(/^tidemark-broker: /);
  expect([status, stdout]).toEqual([code, '']);
}

/** What all files (of this kind) hold. Locks come and go. */
export function snapshot(directory: string, suffix = ''): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter(
    (name) => statSync(join(directory, name)).isFile() && !name.startsWith('.') && name.endsWith(suffix),
  );
  const sumOf = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex');
  return new Map(files.map((name) => [name, sumOf(name)]));
}

export function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

export function holding(data: string, name: string, content: string): void {
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, name), Buffer.from(content, 'latin1'));
}

export const dataOf = (broker: BrokerProcess): string => join(broker.directory, 'data');
export const partitionOf = (broker: BrokerProcess): string => join(dataOf(broker), `${TOPIC}-0`);
export const filesOf = (broker: BrokerProcess, suffix: string): string[] =>
  readdirSync(partitionOf(broker))
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(partitionOf(broker), name));
export const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

/** A broker with `NUMBERS` in the partition, most of them forced to disk; stopped by `signal`. */
export async function filledBroker(signal: NodeJS.Signals | undefined): Promise<BrokerProcess> {
  const broker = await BrokerProcess.start(SETTINGS);
  try {
    const connection = await WireConnection.open(broker.address);
    await untilLeader(connection, TOPIC);
    expect(await fill(connection, TOPIC, 0, BATCHES)).toEqual({ next: NUMBERS, error: ErrorCode.NONE });
    connection.close();
    // What is damaged below this point is corruption; above it, it may be what a crash tore.
    await eventually(() => recoveryPointOf(broker) > NUMBERS / 2);
    if (signal !== undefined) await broker.signal(signal);
    return broker;
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

function recoveryPointOf(broker: BrokerProcess): number {
  const path = join(dataOf(broker), 'recovery-point-offset-checkpoint');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return Number(new RegExp(`^${TOPIC} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

export async function expectAll(broker: BrokerProcess): Promise<void> {
  const { numbers, errors } = await survey(broker.address, TOPIC);
  expect([...errors]).toEqual([]);
  expect([...numbers.values()]).toEqual(numbersTo(NUMBERS));
}

/** The partition is not served, the broker is, and no log file of the partition was touched. */
export async function expectOffline(broker: BrokerProcess, before: Map<string, string>): Promise<void> {
  await broker.restart();
  const { numbers, errors } = await survey(broker.address, TOPIC);
  expect([numbers.size, [...errors.values()]]).toEqual([0, [ErrorCode.KAFKA_STORAGE_ERROR]]);
  expect(broker.log).toMatch(/partition offline/);
  const connection = await WireConnection.open(broker.address);
  await untilLeader(connection, 'another');
  expect((await fill(connection, 'another', 0, 1)).error).toBe(ErrorCode.NONE);
  const { error } = await fill(connection, TOPIC, 0, 1);
  expect(error).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  connection.close();
  expect(snapshot(partitionOf(broker), '.log')).toEqual(before);
}
