/**
 * Compacts the logs of a data directory, one at a time, the dirtiest first, and remembers how far each is. Holds the
 * cleaned offsets (`cleaner-offset-checkpoint`, Kafka's file) and what it has done so far. Owned by `LogDirectory`, driven
 * by the broker's housekeeping. Source: Kafka's `LogCleaner`.
 */
import type { Disk, Random } from '@tidemark/platform';
import { readOffsetCheckpoint, writeOffsetCheckpoint } from '../directory/checkpoint.js';
import { LogError } from '../log-error.js';
import type { PartitionLog } from '../partition-log.js';
import { KeyMap } from './key-map.js';

const FILE = 'cleaner-offset-checkpoint';
const MEMORY_BYTES = 16 * 1024 * 1024;

/** What was compacted since the broker started. */
export interface CompactionTotals {
  runs: number;
  failures: number;
  bytesBefore: number;
  bytesAfter: number;
}

export interface LogCleanerOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** The data directory. */
  readonly path: string;
  /** Memory for the keys of one run, bytes; taken only while one runs. */
  readonly compactionBytes?: number;
}

export class LogCleaner {
  readonly totals: CompactionTotals = { runs: 0, failures: 0, bytesBefore: 0, bytesAfter: 0 };
  private readonly offsets: Map<string, number>;
  private running: Promise<boolean> | undefined;

  constructor(private readonly options: LogCleanerOptions) {
    this.offsets = this.read();
  }

  /**
   * Compacts the dirtiest log that is due; false when none is. One run at a time: who asks meanwhile gets that one.
   * Rejects with LogError, DiskError; the log is as it was, unless its `failure` says otherwise.
   */
  run(logs: Iterable<readonly [name: string, log: PartitionLog]>): Promise<boolean> {
    if (this.running !== undefined) return this.running;
    const dirtiest = this.choose(logs);
    if (dirtiest === undefined) return Promise.resolve(false);
    this.running = this.compact(...dirtiest).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Resolves when no run is under way. Its logs are closed already, or it goes on for long. */
  async idle(): Promise<void> {
    await this.running?.catch(() => undefined);
  }

  /** The log was cut to `offset`, which is below what may have been compacted. */
  truncated(name: string, offset: number): void {
    const cleaned = this.offsets.get(name);
    if (cleaned !== undefined && cleaned > offset) this.set(name, offset);
  }

  forget(name: string): void {
    if (this.offsets.delete(name)) this.save();
  }

  private choose(
    logs: Iterable<readonly [name: string, log: PartitionLog]>,
  ): [name: string, log: PartitionLog] | undefined {
    let dirtiest: [string, PartitionLog] | undefined;
    let most = -1;
    for (const [name, log] of logs) {
      if (!log.config.compacts || log.failure !== undefined || log.corruptOffset !== undefined) continue;
      const { due, dirtyRatio } = log.cleanable(this.offsets.get(name));
      if (!due || dirtyRatio <= most) continue;
      dirtiest = [name, log];
      most = dirtyRatio;
    }
    return dirtiest;
  }

  private async compact(name: string, log: PartitionLog): Promise<boolean> {
    const { random, compactionBytes = MEMORY_BYTES } = this.options;
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
    const keys = new KeyMap(compactionBytes, (a << 24) | (b << 16) | (c << 8) | d);
    try {
      for (;;) {
        const range = log.cleanable(this.offsets.get(name));
        if (range.firstDirty >= range.firstUncleanable) break;
        const pass = await log.compact(range, keys);
        if (pass === undefined) return true;
        this.totals.bytesBefore += pass.bytesBefore;
        this.totals.bytesAfter += pass.bytesAfter;
        this.set(name, pass.upTo);
      }
      this.totals.runs += 1;
      return true;
    } catch (error) {
      this.totals.failures += 1;
      throw error;
    }
  }

  private set(name: string, offset: number): void {
    this.offsets.set(name, offset);
    this.save();
  }

  private save(): void {
    writeOffsetCheckpoint(this.options.disk, `${this.options.path}/${FILE}`, this.offsets);
  }

  /** One that cannot be read counts as none: more is compacted than had to be. */
  private read(): Map<string, number> {
    try {
      return readOffsetCheckpoint(this.options.disk, `${this.options.path}/${FILE}`);
    } catch (error) {
      if (error instanceof LogError) return new Map();
      throw error;
    }
  }
}
