/**
 * Replicas' fetches that the leader of the metadata log has accepted: each is answered with records when there are any,
 * with the watermark when the replica knows an older one, and with nothing when its time is up. Holds those that wait.
 * Used by `quorum-driver.ts`, which says when to look: the log has grown, the watermark has moved, the epoch has ended.
 */
import type { PartitionLog, ReadResult } from '@tidemark/log';
import type { FetchAnswer, FetchRequest, QuorumState } from '@tidemark/replication';
import { ErrorCode } from '@tidemark/wire';
import type { Deadline, Deadlines } from '../../replicas/deadlines.js';

export interface FetchToServe {
  readonly request: FetchRequest;
  /** The epoch that it was accepted in. */
  readonly epoch: number;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  /** Called once; the records' bytes are released when it returns. */
  readonly answer: (answer: FetchAnswer, records: Uint8Array) => void;
}

interface Parked extends FetchToServe {
  deadline: Deadline | undefined;
  timeIsUp: boolean;
  reading: boolean;
}

const BYTES_MAX = 1024 * 1024;
const NO_RECORDS = new Uint8Array(0);

export class ParkedFetches {
  private readonly parked = new Set<Parked>();

  constructor(
    private readonly log: PartitionLog,
    private readonly deadlines: Deadlines,
    private readonly state: () => QuorumState,
    private readonly me: number,
  ) {}

  add(fetch: FetchToServe): void {
    const parked: Parked = { ...fetch, deadline: undefined, timeIsUp: fetch.maxWaitMs <= 0, reading: false };
    this.parked.add(parked);
    if (this.serve(parked)) return;
    parked.deadline = this.deadlines.set(fetch.maxWaitMs, () => {
      parked.timeIsUp = true;
      this.serve(parked);
    });
  }

  look(): void {
    for (const parked of [...this.parked]) this.serve(parked);
  }

  /** The broker stops: all are answered with what there is. */
  close(): void {
    for (const parked of [...this.parked]) {
      parked.timeIsUp = true;
      this.serve(parked);
    }
  }

  private serve(parked: Parked): boolean {
    if (parked.reading) return true;
    const { offset, highWatermark } = parked.request;
    const state = this.state();
    const isLed = state.role === 'leader' && state.epoch === parked.epoch;
    const hasRecords = isLed && offset < this.log.logEndOffset;
    const isNews = hasRecords || !isLed || highWatermark < state.highWatermark;
    if (!isNews && !parked.timeIsUp) return false;
    if (hasRecords) this.read(parked);
    else this.finish(parked, NO_RECORDS);
    return true;
  }

  private read(parked: Parked): void {
    const maxBytes = Math.min(parked.maxBytes, BYTES_MAX);
    const upTo = this.log.logEndOffset;
    const result = this.log.read(parked.request.offset, maxBytes, { upTo, minOneBatch: true });
    if (!(result instanceof Promise)) {
      this.finishWith(parked, result);
      return;
    }
    parked.reading = true;
    result.then(
      (read) => this.finishWith(parked, read),
      () => this.finish(parked, NO_RECORDS),
    );
  }

  private finishWith(parked: Parked, result: ReadResult): void {
    this.finish(parked, result.error === ErrorCode.NONE ? result.bytes : NO_RECORDS);
    result.release();
  }

  private finish(parked: Parked, records: Uint8Array): void {
    if (!this.parked.delete(parked)) return;
    if (parked.deadline !== undefined) this.deadlines.cancel(parked.deadline);
    const state = this.state();
    const { epoch, highWatermark } = state;
    const isLed = state.role === 'leader' && epoch === parked.epoch;
    const leaderId = isLed ? this.me : undefined;
    const error = isLed ? 'none' : 'not-leader';
    const hasRecords = isLed && records.length > 0;
    const answer = { kind: 'fetch', error, epoch, leaderId, highWatermark, hasRecords } as const;
    parked.answer(answer, hasRecords ? records : NO_RECORDS);
  }
}
