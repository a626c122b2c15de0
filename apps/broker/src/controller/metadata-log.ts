/**
 * The metadata log, `__cluster_metadata-0`, as the controller's event log. This is the seam to the controller quorum:
 * a record is committed here when it is on this broker's disk, which is what a quorum of one voter means (fsync before
 * an acknowledgement counts). Holds the log and the readers' positions. Each start begins a new epoch, as an election
 * would. Made by `broker.ts`, used by `controller.ts` alone.
 */
import type { AppendResult, EventLog, EventReader, LoggedEvent, Subscription } from '@tidemark/decider';
import type { PartitionLog, ReadResult } from '@tidemark/log';
import type { Clock } from '@tidemark/platform';
import { ErrorCode, errorName } from '@tidemark/wire';
import { decodeEvents, encodeEvents } from '../coordinators/event-records.js';
import type { EventCodec } from '../coordinators/event-records.js';
import type { ControllerEvent } from './controller-events.js';
import { decodeControllerEvent, encodeControllerEvent } from './metadata-records.js';

const READ_BYTES = 1024 * 1024;

const CODEC: EventCodec<ControllerEvent> = {
  encode: (event) => ({ key: null, value: encodeControllerEvent(event) }),
  decode: ({ value }) => decodeControllerEvent(value ?? new Uint8Array()),
};

interface Reading {
  readonly reader: EventReader<ControllerEvent>;
  next: number;
  busy: boolean;
}

interface Unsettled {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly settle: (result: AppendResult) => void;
}

export class MetadataLog implements EventLog<ControllerEvent> {
  readonly #epoch: number;
  readonly #readings = new Set<Reading>();
  #unsettled: Unsettled[] = [];
  #committed: number;
  #flushing = false;
  #failure: Error | undefined;

  constructor(
    private readonly log: PartitionLog,
    private readonly clock: Clock,
  ) {
    this.#epoch = log.latestEpoch + 1;
    log.assignEpoch(this.#epoch);
    // What a crash left behind it counts once it is on the disk: only then will the next start find it too.
    this.#committed = log.flushedEnd;
    if (this.#committed < log.logEndOffset) this.#flush();
  }

  end(): Promise<number> {
    return Promise.resolve(this.log.logEndOffset);
  }

  subscribe(from: number, reader: EventReader<ControllerEvent>): Subscription {
    const reading = { reader, next: Math.max(from, this.log.logStartOffset), busy: false };
    if (this.#failure === undefined) this.#readings.add(reading);
    else reader.failed(this.#failure);
    this.#pump(reading);
    return { close: () => void this.#readings.delete(reading) };
  }

  append(events: readonly ControllerEvent[], settle: (result: AppendResult) => void): void {
    if (this.#failure !== undefined) {
      settle({ failed: 'refused', error: this.#failure });
      return;
    }
    const batch = encodeEvents(CODEC, events, this.clock.now());
    const { error, baseOffset, lastOffset } = this.log.append(batch, {
      origin: 'coordinator',
      leaderEpoch: this.#epoch,
    });
    // Also after a refusal: the log takes nothing more until somebody has asked it why.
    const written = this.log.writeStaged();
    if (error !== ErrorCode.NONE || written !== undefined) {
      settle({
        failed: error === ErrorCode.MESSAGE_TOO_LARGE ? 'too-large' : 'refused',
        ...withError(written),
      });
      return;
    }
    this.#unsettled.push({ baseOffset, lastOffset, settle });
    this.#flush();
  }

  /** One flush at a time commits all that was written before it. */
  #flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    const end = this.log.logEndOffset;
    this.log.flush().then(
      () => {
        this.#flushing = false;
        this.#commit(end);
        if (this.#unsettled.length > 0) this.#flush();
      },
      (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #commit(end: number): void {
    this.#committed = Math.max(this.#committed, end);
    this.log.highWatermark = this.#committed;
    const committed = this.#unsettled.filter(({ lastOffset }) => lastOffset < this.#committed);
    this.#unsettled = this.#unsettled.filter(({ lastOffset }) => lastOffset >= this.#committed);
    for (const { baseOffset, lastOffset, settle } of committed) settle({ baseOffset, lastOffset });
    for (const reading of this.#readings) this.#pump(reading);
  }

  #pump(reading: Reading): void {
    while (!reading.busy && reading.next < this.#committed && this.#readings.has(reading)) {
      reading.busy = true;
      const result = this.log.read(reading.next, READ_BYTES, { upTo: this.#committed, minOneBatch: true });
      if (result instanceof Promise) {
        result.then(
          (read) => {
            this.#handOver(reading, read);
            this.#pump(reading);
          },
          (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))),
        );
        return;
      }
      this.#handOver(reading, result);
    }
  }

  #handOver(reading: Reading, result: ReadResult): void {
    const events = this.#decode(reading.next, result);
    result.release();
    if (events === undefined) return;
    reading.next = result.nextOffset;
    reading.reader.read(events, reading.next);
    reading.busy = false;
  }

  #decode(fromOffset: number, result: ReadResult): LoggedEvent<ControllerEvent>[] | undefined {
    if (result.error !== ErrorCode.NONE) {
      const where = `${this.log.directory} cannot be read from offset ${fromOffset} on`;
      this.#fail(new Error(`${where}: ${errorName(result.error)}`));
      return undefined;
    }
    const unreadable: Error[] = [];
    const events = decodeEvents(result.views, {
      codec: CODEC,
      fromOffset,
      onUnreadable: (offset, error) => {
        unreadable.push(
          new Error(`metadata record ${offset} cannot be understood: ${error.message}`, { cause: error }),
        );
      },
    });
    const [first] = unreadable;
    if (first === undefined) return events;
    // A controller that passes over what it does not understand would go on with a wrong picture of the cluster.
    this.#fail(first);
    return undefined;
  }

  /** After a failed flush nobody knows what is on the disk: nothing is appended until the broker is restarted. */
  #fail(error: Error): void {
    this.#failure = error;
    for (const { settle } of this.#unsettled.splice(0)) settle({ failed: 'in-doubt', error });
    for (const { reader } of [...this.#readings]) reader.failed(error);
    this.#readings.clear();
  }
}

function withError(error: Error | undefined): { error?: Error } {
  return error === undefined ? {} : { error };
}
