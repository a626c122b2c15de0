/**
 * The event log of a partition that this broker leads: appends to its replica under the epoch in which the partition
 * was taken over, and reads what is below the high watermark. Holds a reading position per subscription. Made by
 * `shards.ts` for each partition led, and given up with that epoch: whatever is appended later is fenced.
 */
import type { AppendResult, EventLog, EventReader, Subscription } from '@tidemark/decider';
import type { Clock } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/wire';
import type { Logger } from 'pino';
import type { Replica } from '../replicas/replica.js';
import type { ParkedRead } from '../replicas/waiters.js';
import { decodeEvents, encodeEvents } from './event-records.js';
import type { EventCodec } from './event-records.js';

/** Bytes asked for in one read while replaying. */
const READ_BYTES = 1024 * 1024;

export interface PartitionEventLogOptions<Event> {
  readonly replica: Replica;
  readonly codec: EventCodec<Event>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The epoch of the leadership that this log belongs to. */
  readonly leaderEpoch: number;
}

const REFUSALS: ReadonlyMap<number, 'refused' | 'too-large' | 'fenced'> = new Map([
  [ErrorCode.MESSAGE_TOO_LARGE, 'too-large'],
  [ErrorCode.RECORD_LIST_TOO_LARGE, 'too-large'],
  [ErrorCode.NOT_LEADER_OR_FOLLOWER, 'fenced'],
  [ErrorCode.FENCED_LEADER_EPOCH, 'fenced'],
]);

/** Another broker leads the partition now, or this one in another epoch: no fault, the log ends for its reader. */
export class LeadershipEnded extends Error {
  constructor({ topic, partition }: Replica, leaderEpoch: number) {
    super(`${topic}-${partition} is not led here in epoch ${leaderEpoch} any more`);
  }
}

export class PartitionEventLog<Event> implements EventLog<Event> {
  constructor(private readonly options: PartitionEventLogOptions<Event>) {}

  /** The log end, not the high watermark: what an earlier leader appended may still be committed. */
  end(): Promise<number> {
    return Promise.resolve(this.options.replica.logEndOffset);
  }

  subscribe(from: number, reader: EventReader<Event>): Subscription {
    const reading = new Reading(this.options, from, reader);
    reading.open();
    return reading;
  }

  append(events: readonly Event[], settle: (result: AppendResult) => void): void {
    const { replica, codec, clock, leaderEpoch } = this.options;
    const batch = encodeEvents(codec, events, clock.now());
    // The log trusts its coordinators; the limit of the topic holds for what clients make them write all the same.
    if (batch.length > replica.log.config.maxMessageBytes) {
      settle({ failed: 'too-large' });
      return;
    }
    const { error, baseOffset, lastOffset } = replica.append(batch, 'coordinator', leaderEpoch);
    if (error !== ErrorCode.NONE) {
      settle({ failed: REFUSALS.get(error) ?? 'refused' });
      return;
    }
    replica.onCommitted(lastOffset + 1, (failure) => {
      // Staged, and then the write failed or the leadership ended: nobody knows here what becomes of the records.
      settle(failure === ErrorCode.NONE ? { baseOffset, lastOffset } : { failed: 'in-doubt' });
    });
  }
}

/** One subscription: reads until the high watermark, then parks at the replica until that moves. */
class Reading<Event> implements Subscription, ParkedRead {
  #next: number;
  #closed = false;
  /** A read is under way, or its events are being handed over: whoever wakes the reading meanwhile is not needed. */
  #busy = false;

  constructor(
    private readonly options: PartitionEventLogOptions<Event>,
    from: number,
    private readonly reader: EventReader<Event>,
  ) {
    this.#next = Math.max(from, options.replica.logStartOffset);
  }

  open(): void {
    this.options.replica.readers.add(this);
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    this.options.replica.readers.remove(this);
  }

  /** Called by the replica when more may be read; stays parked until it is closed. */
  tryComplete(): boolean {
    this.#pump();
    return this.#closed;
  }

  #pump(): void {
    const { replica, leaderEpoch } = this.options;
    while (!this.#closed && !this.#busy) {
      if (!replica.leading || replica.leaderEpoch !== leaderEpoch) {
        this.#fail(new LeadershipEnded(replica, leaderEpoch));
        return;
      }
      if (this.#next >= replica.highWatermark) return;
      this.#busy = true;
      const result = replica.read(this.#next, READ_BYTES, true);
      if (result instanceof Promise) {
        result.then(
          (read) => {
            this.#handOver(read);
            this.#pump();
          },
          (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))),
        );
        return;
      }
      this.#handOver(result);
    }
  }

  #handOver(result: Awaited<ReturnType<Replica['read']>>): void {
    const { replica, codec, logger } = this.options;
    if (result.error !== ErrorCode.NONE) {
      result.release();
      this.#busy = false;
      this.#fail(new Error(`${replica.topic}-${replica.partition} cannot be read: error ${result.error}`));
      return;
    }
    const events = decodeEvents(result.bytes, {
      codec,
      fromOffset: this.#next,
      onUnreadable: (offset, err) => {
        const where = { topic: replica.topic, partition: replica.partition, offset };
        logger.warn({ err, ...where }, 'a coordinator record that cannot be understood is passed over');
      },
    });
    this.#next = result.nextOffset;
    result.release();
    if (!this.#closed) this.reader.read(events, this.#next);
    this.#busy = false;
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.reader.failed(error);
  }
}
