/**
 * What has to be done now and then: flushes that are due, checkpoints, retention, compaction, looking for damage,
 * forgetting silent producers and the tails of idle logs. Holds one timer per duty. Started and stopped by `broker.ts`. A duty that fails is logged and done again next time.
 */
import { LogScrubber, type LogDirectory, type ScrubTotals } from '@tidemark/log';
import type { Clock, Random, Timer } from '@tidemark/platform';
import type { Logger } from 'pino';
import type { BrokerSettings } from './config-table.js';

export interface HousekeepingOptions {
  readonly directory: LogDirectory;
  readonly settings: BrokerSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface Duty {
  readonly name: string;
  readonly periodMs: number;
  /** Until it is done first, where that is not the period. */
  readonly firstMs?: number;
  /** What takes longer goes on beside everything else. */
  run(): void | Promise<void>;
}

const FLUSH_CHECK_MS = 500;
const PRODUCER_CHECK_MS = 600_000;
/** A log's tail in memory is given up when nobody has used it for one to two of these. */
const TAIL_CHECK_MS = 60_000;
/** A broker that starts has other things to do; one that is restarted every day still gets to it. */
const FIRST_SCRUB_MS = 60_000;
/** A timer's longest delay. */
const DELAY_MAX_MS = 2 ** 31 - 1;

export class Housekeeping {
  private readonly timers = new Map<string, Timer>();
  private stopped = false;
  private compacting = false;
  private readonly scrubber: LogScrubber;

  constructor(private readonly options: HousekeepingOptions) {
    const { directory, settings, logger } = options;
    this.scrubber = new LogScrubber({
      ...options,
      bytesPerSecond: settings['log.scrub.bytes.per.second'],
      logs: () => directory.logs(),
      onError: ({ identity: { topic, partition } }, err) =>
        logger.error({ err, topic, partition }, 'a look at closed segments did not come to its end'),
    });
  }

  get scrubbing(): Readonly<ScrubTotals> {
    return this.scrubber.totals;
  }

  start(): void {
    for (const duty of this.duties()) this.schedule(duty, duty.firstMs);
  }

  stop(): void {
    this.stopped = true;
    this.scrubber.stop();
    for (const timer of this.timers.values()) timer.cancel();
  }

  private duties(): Duty[] {
    const { directory, settings } = this.options;
    const everyLog = (name: string, periodMs: number, run: (log: LogOf) => void): Duty => ({
      name,
      periodMs,
      run: () => {
        for (const log of directory.logs()) if (log.failure === undefined) run(log);
      },
    });
    return [
      everyLog('flush', FLUSH_CHECK_MS, (log) => log.flushIfDue()),
      everyLog('retention', settings['log.retention.check.interval.ms'], (log) => log.applyRetention()),
      everyLog('producers', PRODUCER_CHECK_MS, (log) =>
        log.expireProducers(settings['producer.id.expiration.ms']),
      ),
      {
        name: 'checkpoint',
        // One file for each, written together.
        periodMs: Math.min(
          settings['replica.high.watermark.checkpoint.interval.ms'],
          settings['log.flush.offset.checkpoint.interval.ms'],
        ),
        run: () => directory.checkpointLater(),
      },
      { name: 'compaction', periodMs: settings['log.cleaner.backoff.ms'], run: () => this.compact() },
      { name: 'idle tails', periodMs: TAIL_CHECK_MS, run: () => directory.releaseIdle() },
      ...this.scrubbingDuty(),
    ];
  }

  private scrubbingDuty(): Duty[] {
    const { settings } = this.options;
    if (settings['log.scrub.bytes.per.second'] === 0) return [];
    const periodMs = settings['log.scrub.interval.ms'];
    const firstMs = Math.min(periodMs, FIRST_SCRUB_MS);
    return [{ name: 'scrubbing', periodMs, firstMs, run: () => void this.scrubber.pass() }];
  }

  /** One log after the other, while any needs it; a run that is under way is not joined by another. */
  private compact(): void {
    if (this.compacting) return;
    this.compacting = true;
    this.compactAll()
      .catch((err: unknown) => this.options.logger.error({ err }, 'compaction failed'))
      .finally(() => {
        this.compacting = false;
      });
  }

  private async compactAll(): Promise<void> {
    const { directory, logger } = this.options;
    for (;;) {
      const before = { ...directory.compaction };
      if (this.stopped || !(await directory.compact())) return;
      const { runs, bytesBefore, bytesAfter } = directory.compaction;
      // It was cut, closed or thrown away under the run; the next look finds out what is left to do.
      if (runs === before.runs) return;
      logger.info(
        { bytesBefore: bytesBefore - before.bytesBefore, bytesAfter: bytesAfter - before.bytesAfter },
        'a log was compacted',
      );
    }
  }

  private perform(duty: Duty): void {
    const failed = (err: unknown): void =>
      this.options.logger.error({ err, duty: duty.name }, 'housekeeping failed');
    try {
      duty.run()?.catch(failed);
    } catch (err) {
      failed(err);
    }
  }

  private schedule(duty: Duty, firstMs?: number): void {
    const delayMs = Math.min(firstMs ?? duty.periodMs, DELAY_MAX_MS);
    const timer = this.options.clock.setTimer(delayMs, () => {
      this.perform(duty);
      if (!this.stopped) this.schedule(duty);
    });
    this.timers.set(duty.name, timer);
  }
}

type LogOf = ReturnType<LogDirectory['logs']> extends Iterable<infer Log> ? Log : never;
