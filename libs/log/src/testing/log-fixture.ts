/**
 * What the specs of this library share: a data directory of their own, a clock that they set, logs in it, and batches.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Clock, Disk } from '@tidemark/platform';
import { nodeClock, nodeDisk, nodeRandom } from '@tidemark/platform/node';
import { buildBatch, readRecords, type BatchOptions, type RecordInput } from '@tidemark/wire';
import { logConfigOf, type ConfigTexts } from '../config/log-config.js';
import { LogDirectory, type LogDirectoryOptions } from '../directory/log-directory.js';
import type { PartitionLog } from '../partition-log.js';

export const TOPIC_ID = '0f0e0d0c-0b0a-4908-8706-050403020100';
export const START_MS = 1_700_000_000_000;

/** Real timers, but a wall clock that stands still unless it is set. */
export class SettableClock implements Clock {
  nowMs = START_MS;
  now(): number {
    return this.nowMs;
  }
  monotonic(): number {
    return this.nowMs;
  }
  setTimer: Clock['setTimer'] = (delayMs, fire) => nodeClock.setTimer(delayMs, fire);
  defer: Clock['defer'] = (fire) => nodeClock.defer(fire);
}

/** Makes fixtures; their directories are removed after each test of the file that calls it. */
export function fixtureMaker(): (limits?: Partial<LogDirectoryOptions>) => LogFixture {
  const fixtures: LogFixture[] = [];
  afterEach(() => {
    for (const made of fixtures.splice(0)) made.remove();
  });
  return (limits) => {
    const made = new LogFixture(limits);
    fixtures.push(made);
    return made;
  };
}

export class LogFixture {
  readonly clock = new SettableClock();
  readonly path = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-log-'));
  /** Of the log's files. */
  readonly partition = path.join(this.path, 't-0');
  private directories: LogDirectory[] = [];

  constructor(private readonly limits: Partial<LogDirectoryOptions> = {}) {}

  openDirectory(disk: Disk = nodeDisk): LogDirectory {
    const { clock, path: directory, limits } = this;
    const options = {
      disk,
      clock,
      random: nodeRandom,
      path: directory,
      clusterId: 'c',
      nodeId: 1,
      ...limits,
    };
    const opened = LogDirectory.open(options);
    this.directories.push(opened);
    return opened;
  }

  openLog(directory: LogDirectory, texts: ConfigTexts = {}): PartitionLog {
    return directory.openLog({ topic: 't', partition: 0, topicId: TOPIC_ID }, logConfigOf(texts));
  }

  /** Both at once. */
  open(texts: ConfigTexts = {}, disk: Disk = nodeDisk): { directory: LogDirectory; log: PartitionLog } {
    const directory = this.openDirectory(disk);
    return { directory, log: this.openLog(directory, texts) };
  }

  /** As after a kill -9: files stay as they are, nothing is saved, the lock's owner is gone. */
  crash(directory: LogDirectory): void {
    for (const log of directory.logs()) log.abandon();
    for (const name of fs.readdirSync(this.path)) {
      if (name.startsWith('.lock-')) fs.rmSync(path.join(this.path, name));
    }
  }

  /** A copy of the files as they are now, to be broken in some way and opened. */
  copyTo(other: LogFixture): void {
    fs.cpSync(this.path, other.path, { recursive: true });
    for (const name of fs.readdirSync(other.path)) {
      if (name.startsWith('.lock-')) fs.rmSync(path.join(other.path, name));
    }
  }

  file(name: string): string {
    return path.join(this.partition, name);
  }

  remove(): void {
    if (!fs.existsSync(this.path)) return;
    for (const directory of this.directories) this.crash(directory);
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}

export function batchOf(values: readonly string[], options: Partial<BatchOptions> = {}): Uint8Array {
  const records: RecordInput[] = values.map((value) => ({
    key: Buffer.from(`k-${value}`),
    value: Buffer.from(value),
  }));
  return buildBatch(records, { timestamp: START_MS, ...options });
}

/** Appends as a client and writes; fails the spec when it is refused. Answers the base offset. */
export function append(log: PartitionLog, batch: Uint8Array, leaderEpoch = 0): number {
  const result = log.append(batch, { origin: 'client', leaderEpoch });
  if (result.error !== 0) throw new Error(`refused: ${result.error} ${result.errorMessage ?? ''}`);
  const { baseOffset } = result;
  const error = log.writeStaged();
  if (error !== undefined) throw error;
  return baseOffset;
}

/** Every value from `from` on, reading as a consumer does. */
export async function readValues(
  log: PartitionLog,
  from = log.logStartOffset,
  maxBytes = 1000,
): Promise<string[]> {
  const values: string[] = [];
  let offset = from;
  while (offset < log.logEndOffset) {
    const result = await log.read(offset, maxBytes, { upTo: log.logEndOffset, minOneBatch: true });
    if (result.error !== 0) throw new Error(`read at ${offset}: error ${result.error}`);
    if (result.bytes.length === 0) throw new Error(`read at ${offset}: nothing`);
    for (const record of readRecords(result.bytes)) {
      if (record.offset >= from) values.push(Buffer.from(record.value ?? []).toString());
    }
    offset = result.nextOffset;
    result.release();
  }
  return values;
}
