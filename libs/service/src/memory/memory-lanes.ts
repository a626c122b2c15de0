/**
 * Feeds lanes from a log in memory: whenever records are appended, a lane begins, moves or has room again, it is given
 * what lies at its position, at the end of the tick. The part of `memory/` that corresponds to a consumer.
 */
import { partitionKey } from '@tidemark/contracts';
import type { Clock } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import type { Logger } from '../hosting/logger.js';
import { PartitionLane } from '../topics/partition-lane.js';
import type { ReaderOptions } from '../topics/topics.js';
import type { MemoryLog } from './memory-log.js';

export interface MemoryLanesOptions extends ReaderOptions {
  readonly log: MemoryLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onTaken: () => void;
}

const BATCH_RECORDS_MAX = 500;

export class MemoryLanes {
  readonly #options: MemoryLanesOptions;
  readonly #lanes = new Map<string, PartitionLane>();
  readonly #gapsTold = new Set<PartitionLane>();
  readonly #stopListening: () => void;

  constructor(options: MemoryLanesOptions) {
    this.#options = options;
    this.#stopListening = options.log.listen((topic, partition) => {
      const lane = this.#lanes.get(partitionKey(topic, partition));
      if (lane !== undefined) this.#feedSoon(lane);
    });
  }

  get all(): Iterable<PartitionLane> {
    return this.#lanes.values();
  }

  begin(topic: string, partition: number, position: number): void {
    const { clock, logger, onBatch, onTaken } = this.#options;
    const lane = new PartitionLane({
      topic,
      partition,
      position,
      clock,
      onBatch,
      onTaken,
      onFull: () => this.#feedSoon(lane),
      onRejected: (error) =>
        logger.error({ topic, partition, error: describeError(error) }, 'a batch was not taken'),
    });
    this.#lanes.set(partitionKey(topic, partition), lane);
    this.#feedSoon(lane);
  }

  seek(topic: string, partition: number, position: number): void {
    const lane = this.#lanes.get(partitionKey(topic, partition));
    if (lane === undefined) return;
    this.#gapsTold.delete(lane);
    lane.seek(position);
    this.#feedSoon(lane);
  }

  end(topic: string, partition: number): Promise<void> {
    const key = partitionKey(topic, partition);
    const lane = this.#lanes.get(key);
    this.#lanes.delete(key);
    return lane?.end() ?? Promise.resolve();
  }

  async endAll(): Promise<void> {
    this.#stopListening();
    await Promise.all([...this.#lanes.values()].map((lane) => this.end(lane.topic, lane.partition)));
  }

  #feedSoon(lane: PartitionLane): void {
    this.#options.clock.defer(() => {
      if (this.#lanes.get(partitionKey(lane.topic, lane.partition)) === lane) this.#feed(lane);
    });
  }

  #feed(lane: PartitionLane): void {
    const { log } = this.#options;
    const { topic, partition } = lane;
    const logStart = log.start(topic, partition);
    const logEnd = log.end(topic, partition);
    const isOutside = lane.fetchPosition < logStart || lane.fetchPosition > logEnd;
    if (isOutside && !this.#gapsTold.has(lane)) {
      this.#gapsTold.add(lane);
      this.#options.onGap?.({ topic, partition, position: lane.fetchPosition, logStart, logEnd });
    }
    if (lane.fetchPosition < logStart) lane.seek(logStart);
    while (!lane.full && lane.fetchPosition < logEnd) {
      const position = lane.fetchPosition;
      const records = log.read(topic, partition, position, BATCH_RECORDS_MAX);
      if (!lane.offer({ topic, partition, records, position, nextPosition: position + records.length }))
        return;
    }
  }
}
