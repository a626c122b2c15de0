/**
 * Goes through the closed segments of all logs, gently: so many bytes a second and no more, one log after the other.
 * Holds the pass under way and what the passes came to. Started now and then by the broker's housekeeping; a log that
 * finds damage tells its listener, which repairs it from a peer.
 */
import type { Clock, Random, Timer } from '@tidemark/platform';
import { DamagedBatch } from '../compaction/batch-chunks.js';
import type { PartitionLog } from '../partition-log.js';

export interface LogScrubberOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly bytesPerSecond: number;
  /** Logs that are open. */
  logs(): Iterable<PartitionLog>;
  /** A log could not be read to its end: damage, or what the disk says. */
  onError(log: PartitionLog, error: unknown): void;
}

/** Since the process began. */
export interface ScrubTotals {
  passes: number;
  bytes: number;
  /** Logs in which damage was found. */
  damaged: number;
}

export class LogScrubber {
  readonly totals: ScrubTotals = { passes: 0, bytes: 0, damaged: 0 };
  private running = false;
  private stopped = false;
  private resting: { readonly timer: Timer; readonly end: () => void } | undefined;

  constructor(private readonly options: LogScrubberOptions) {}

  /** Every log once; nothing while a pass is under way. Never rejects. */
  async pass(): Promise<void> {
    if (this.running || this.stopped) return;
    this.running = true;
    const logs = [...this.options.logs()];
    // From another one each time: who is restarted often would else never come to the last.
    const first = logs.length === 0 ? 0 : this.options.random.below(logs.length);
    for (const log of [...logs.slice(first), ...logs.slice(0, first)]) {
      if (!this.goesOn(log)) continue;
      try {
        await log.scrub((bytes) => this.rest(log, bytes));
      } catch (error) {
        if (error instanceof DamagedBatch) this.totals.damaged += 1;
        else if (!this.goesOn(log)) continue;
        this.options.onError(log, error);
      }
    }
    this.totals.passes += 1;
    this.running = false;
  }

  stop(): void {
    this.stopped = true;
    this.resting?.timer.cancel();
    this.resting?.end();
  }

  private goesOn(log: PartitionLog): boolean {
    if (this.stopped || log.failure !== undefined || log.corruptOffset !== undefined) return false;
    for (const open of this.options.logs()) if (open === log) return true;
    return false;
  }

  private rest(log: PartitionLog, bytes: number): Promise<boolean> {
    this.totals.bytes += bytes;
    const restMs = (bytes / this.options.bytesPerSecond) * 1_000;
    return new Promise((resolve) => {
      const end = (): void => {
        this.resting = undefined;
        resolve(this.goesOn(log));
      };
      this.resting = { timer: this.options.clock.setTimer(restMs, end), end };
      if (this.stopped) this.stop();
    });
  }
}
