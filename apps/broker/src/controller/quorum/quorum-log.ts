/**
 * The metadata log as the controller's event log: whoever leads the quorum appends to it, everybody folds what is
 * committed, from the newest snapshot on where there is one. Holds the readers' positions and the appends that are not
 * committed yet. Told by `metadata-quorum.ts` of every change; used by `controller.ts`.
 *
 * What must hold: events reach a reader once, in order, when a majority has them on disk; an append whose leadership
 * ended before it was committed is in doubt, for the next leader may have it or not; `end` is answered by a leader only,
 * after the record that begins its epoch, so that whoever waits for it has folded all that was ever committed.
 */
import type { AppendResult, EventLog, EventReader, LoggedEvent, Subscription } from '@tidemark/decider';
import { LogError, type PartitionLog, type ReadResult } from '@tidemark/log';
import { DiskError, type Clock } from '@tidemark/platform';
import type { QuorumState } from '@tidemark/replication';
import { ErrorCode, WireError, errorName } from '@tidemark/wire';
import type { Logger } from 'pino';
import { decodeEvents, encodeEvents } from '../../coordinators/event-records.js';
import type { ControllerEvent } from '../controller-events.js';
import { METADATA_CODEC } from './metadata-codec.js';
import { encodeSnapshot } from './snapshot-file.js';
import type { Snapshots } from './snapshots.js';

export interface QuorumLogOptions {
  readonly log: PartitionLog;
  readonly snapshots: Snapshots;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly state: () => QuorumState;
  /** The leader's log has grown. */
  readonly onAppended: () => void;
  /** A snapshot is written when so many bytes of records have been folded since the last. */
  readonly bytesBetweenSnapshots: number;
  /** What the reader's state, as folded by now, consists of; nothing where nobody writes snapshots. */
  readonly snapshotOf: () => readonly ControllerEvent[];
}

const READ_BYTES = 1024 * 1024;

interface Reading {
  readonly reader: EventReader<ControllerEvent>;
  next: number;
  bytes: number;
  busy: boolean;
}

interface Unsettled {
  readonly epoch: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly settle: (result: AppendResult) => void;
}

interface Waiting {
  readonly resolve: (end: number) => void;
  readonly reject: (error: Error) => void;
}

export class QuorumLog implements EventLog<ControllerEvent> {
  readonly #readings = new Set<Reading>();
  #unsettled: Unsettled[] = [];
  #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor(private readonly options: QuorumLogOptions) {}

  /** Reads all of the log once, which snapshots keep short. Rejects with `LogError('corrupt')`. */
  async check(): Promise<void> {
    const { log } = this.options;
    for (let next = log.logStartOffset; next < log.logEndOffset;) {
      const read = await log.read(next, READ_BYTES, { upTo: log.logEndOffset, minOneBatch: true });
      read.release();
      if (read.error !== ErrorCode.NONE) throw new LogError('corrupt', this.#unreadable(next, read.error));
      next = read.nextOffset;
    }
  }

  end(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure);
      else if (this.#leads) resolve(this.options.log.logEndOffset);
      else this.#waiting.push({ resolve, reject });
    });
  }

  subscribe(from: number, reader: EventReader<ControllerEvent>): Subscription {
    const reading = { reader, next: from, bytes: 0, busy: false };
    if (this.#failure === undefined) this.#readings.add(reading);
    else reader.failed(this.#failure);
    this.#pump(reading);
    return { close: () => void this.#readings.delete(reading) };
  }

  append(events: readonly ControllerEvent[], settle: (result: AppendResult) => void): void {
    const { log, clock, state } = this.options;
    if (this.#failure !== undefined || !this.#leads) {
      // Nothing was written; what the asker has to do now is the same as when something may have been.
      settle({ failed: 'in-doubt', ...withError(this.#failure) });
      return;
    }
    const { epoch } = state();
    const batch = encodeEvents(METADATA_CODEC, events, clock.now());
    const { error, baseOffset, lastOffset } = log.append(batch, {
      origin: 'coordinator',
      leaderEpoch: epoch,
    });
    // Also after a refusal: the log takes nothing more until somebody has asked it why.
    const written = log.writeStaged();
    if (error !== ErrorCode.NONE || written !== undefined) {
      const failed = error === ErrorCode.MESSAGE_TOO_LARGE ? 'too-large' : 'refused';
      settle({ failed, ...withError(written) });
      return;
    }
    this.#unsettled.push({ epoch, baseOffset, lastOffset, settle });
    this.options.onAppended();
  }

  /** The quorum has moved: settles what is committed, and what will never be known, before anybody hears who leads. */
  settle({ highWatermark, epoch, role }: QuorumState): void {
    const stays = ({ lastOffset, epoch: own }: Unsettled): boolean =>
      role === 'leader' && epoch === own && lastOffset >= highWatermark;
    const settled = this.#unsettled.filter((unsettled) => !stays(unsettled));
    if (settled.length === 0) return;
    this.#unsettled = this.#unsettled.filter(stays);
    for (const { epoch: own, baseOffset, lastOffset, settle } of settled) {
      const isCommitted = role === 'leader' && epoch === own;
      settle(isCommitted ? { baseOffset, lastOffset } : { failed: 'in-doubt' });
    }
  }

  /** Hands over what is committed, and answers who waited for a leader to say where the log ends. */
  deliver(): void {
    if (this.#leads) {
      for (const { resolve } of this.#waiting.splice(0)) resolve(this.options.log.logEndOffset);
    }
    for (const reading of this.#readings) this.#pump(reading);
  }

  /** Nothing can be read or appended any more. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { settle } of this.#unsettled.splice(0)) settle({ failed: 'in-doubt', error });
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    for (const { reader } of [...this.#readings]) reader.failed(error);
    this.#readings.clear();
  }

  get #leads(): boolean {
    return this.options.state().role === 'leader';
  }

  #unreadable(offset: number, error: ErrorCode): string {
    return `${this.options.log.directory} cannot be read from offset ${offset} on: ${errorName(error)}`;
  }

  #pump(reading: Reading): void {
    const { log, state, snapshots } = this.options;
    while (!reading.busy && this.#readings.has(reading)) {
      const fromSnapshot = reading.next === 0 && snapshots.newest !== undefined;
      if (fromSnapshot || reading.next < log.logStartOffset) {
        if (!this.#handOverSnapshot(reading)) return;
        continue;
      }
      const committed = state().highWatermark;
      if (reading.next >= committed) return;
      reading.busy = true;
      const result = log.read(reading.next, READ_BYTES, { upTo: committed, minOneBatch: true });
      if (!(result instanceof Promise)) {
        this.#handOver(reading, result);
        continue;
      }
      result.then(
        (read) => {
          this.#handOver(reading, read);
          this.#pump(reading);
        },
        (error: unknown) => this.fail(error instanceof Error ? error : new Error(String(error))),
      );
      return;
    }
  }

  #handOverSnapshot(reading: Reading): boolean {
    try {
      const loaded = this.options.snapshots.load();
      if (loaded === undefined)
        throw new Error('the metadata log does not begin at 0, and there is no snapshot');
      const { id, events } = loaded;
      const offset = id.endOffset - 1;
      const all: ControllerEvent[] = [{ type: 'SnapshotBegan' }, ...events];
      reading.next = id.endOffset;
      reading.bytes = 0;
      reading.reader.read(
        all.map((event) => ({ event, offset })),
        id.endOffset,
      );
      return true;
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #handOver(reading: Reading, result: ReadResult): void {
    const { log } = this.options;
    reading.busy = false;
    // A snapshot took the log's place while the disk was read.
    if (reading.next < log.logStartOffset) {
      result.release();
      return;
    }
    const events = this.#decode(reading.next, result);
    result.release();
    if (events === undefined) return;
    reading.next = result.nextOffset;
    reading.bytes += result.bytes.length;
    reading.reader.read(events, reading.next);
    if (reading.bytes >= this.options.bytesBetweenSnapshots) this.#writeSnapshot(reading);
  }

  /** The reader has folded everything below `next`, and nothing beyond. */
  #writeSnapshot(reading: Reading): void {
    const { log, snapshots, snapshotOf, clock, logger } = this.options;
    reading.bytes = 0;
    const events = snapshotOf();
    const id = { endOffset: reading.next, epoch: Math.max(log.epochAt(reading.next - 1), 0) };
    // It is a copy of what the log holds: where it cannot be written, the log goes on.
    if (events.length === 0) return;
    try {
      snapshots.write(id, encodeSnapshot(events, id, clock.now()));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      logger.error({ err: error }, 'no snapshot of the metadata could be written');
    }
  }

  #decode(fromOffset: number, result: ReadResult): LoggedEvent<ControllerEvent>[] | undefined {
    if (result.error !== ErrorCode.NONE) {
      this.fail(new Error(this.#unreadable(fromOffset, result.error)));
      return undefined;
    }
    const onUnreadable = (offset: number, error: Error): void => {
      throw new WireError(`metadata record ${offset} cannot be understood: ${error.message}`);
    };
    try {
      return decodeEvents(result.bytes, { codec: METADATA_CODEC, fromOffset, onUnreadable });
    } catch (error) {
      // A controller that passes over what it does not understand would go on with a wrong picture of the cluster.
      if (!(error instanceof WireError)) throw error;
      this.fail(error);
      return undefined;
    }
  }
}

function withError(error: Error | undefined): { error?: Error } {
  return error === undefined ? {} : { error };
}
