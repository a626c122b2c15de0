/**
 * The writing side of one log: takes batches, stages them in the tail ring, writes what is staged, begins segments.
 * Holds the end of the log and how far it is written. Owned by `PartitionLog`.
 *
 * What must hold: a batch is staged whole or not at all; when a write fails, everything staged is taken back (file,
 * ring, indexes, epochs, producers) and no further append is taken until the driver has heard of it, because the
 * offsets that were given out are free again and somebody waits for them.
 */
import { DiskError, writeFully, type DiskFile } from '@tidemark/platform';
import {
  BATCH_HEADER_BYTES,
  ErrorCode,
  batchBaseOffset,
  batchLastOffsetDelta,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchProducerId,
  batchSizeBytes,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  setBatchLogAppendTime,
  setBatchMaxTimestamp,
} from '@tidemark/wire';
import { admitReplicated } from './admit-replicated.js';
import { admit, correctedMaxTimestamp, refuse, resetResult, type AppendContext } from './append.js';
import type { AppendOptions, AppendResult } from './append-result.js';
import type { LogConfig } from '../config/log-config.js';
import { LogError } from '../log-error.js';
import type { LogFiles } from '../log-files.js';
import type { Restart } from '../restart.js';
import { recode } from './recode.js';
import type { SegmentMark } from '../segment/segment.js';
import type { TailRing } from '../tail/tail-ring.js';

/**
 * A follower's records that are a larger share of the ring than this go past it: nobody reads a follower's tail, and
 * the copy would be a tenth of the work of taking them.
 */
const DIRECT_SHARE_MIN = 1 / 128;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class LogWriter {
  /** The next offset to be given. */
  end: number;
  /** Everything below is in the files. */
  written: number;
  failure: LogError | undefined;
  /** A write failed inside an append or flush, and `report` has not told the driver yet. */
  private unreported: LogError | undefined;
  private readonly result: AppendResult = {
    error: ErrorCode.NONE,
    errorMessage: null,
    baseOffset: -1,
    lastOffset: -1,
    logAppendTimeMs: -1,
    duplicate: false,
    recordErrors: [],
  };
  private readonly context: Mutable<AppendContext>;
  /** The active segment as it was before anything was staged. */
  private readonly mark: SegmentMark = {
    bytes: 0,
    maxTimestamp: -1,
    offsetOfMaxTimestamp: 0,
    bytesSinceIndexEntry: 0,
    offsetEntries: 0,
    timeEntries: 0,
  };

  constructor(
    public config: LogConfig,
    private readonly files: LogFiles,
    private readonly ring: TailRing,
    private readonly onFailed: (error: LogError) => void,
  ) {
    this.end = files.loaded.logEndOffset;
    this.written = this.end;
    this.context = { config, producers: files.producers, nowMs: 0, origin: 'client' };
  }

  append(bytes: Uint8Array, options: AppendOptions): AppendResult {
    const { result, context } = this;
    resetResult(result);
    const unusable = this.failure ?? this.unreported;
    if (unusable !== undefined) {
      refuse(result, ErrorCode.KAFKA_STORAGE_ERROR, unusable.message);
      return result;
    }
    context.origin = options.origin;
    if (options.origin === 'replica') return this.appendReplicated(bytes);
    if (options.leaderEpoch < this.files.epochs.latest) {
      refuse(result, ErrorCode.FENCED_LEADER_EPOCH, `the log is in epoch ${this.files.epochs.latest}`);
      return result;
    }
    context.config = this.config;
    context.nowMs = this.files.resources.clock.now();
    if (!admit(bytes, context, result)) return result;
    const maxTimestamp = correctedMaxTimestamp(bytes);
    const batch = recode(bytes, this.config.compressionType, result);
    if (batch !== undefined) this.stage(batch, this.end, options.leaderEpoch, maxTimestamp);
    return result;
  }

  /** What an append or flush met with when it had to write, and nobody has been told; it is told once. */
  report(): LogError | undefined {
    const error = this.unreported;
    this.unreported = undefined;
    return error;
  }

  /** Writes all that is staged. An error means that it has been taken back. */
  writeOut(): LogError | undefined {
    if (!this.ring.hasStaged) return undefined;
    return this.write((file, position) => {
      let end = position;
      this.ring.eachStaged((bytes, at, length) => {
        writeFully(file, bytes, at, length, end);
        end += length;
      });
      this.ring.markWritten();
    });
  }

  /** The same for a caller that is not the driver, which hears of it at its next `report`. */
  writeOutAndRemember(): LogError | undefined {
    const error = this.writeOut();
    this.unreported ??= error;
    return error;
  }

  /** Begins a new segment at the end, with nothing staged. On failure the log goes on in the old one. */
  roll(): LogError | undefined {
    try {
      this.files.materialize();
      this.files.roll(this.end);
      return undefined;
    } catch (cause) {
      return this.refusalFor(cause);
    }
  }

  /** Drops everything at and beyond `offset`, staged or written. Throws what the disk throws. */
  truncateTo(offset: number): void {
    this.discardStaged();
    this.ring.clear();
    if (offset >= this.end) return;
    this.end = this.files.isOnDisk ? this.files.truncateTo(offset) : offset;
    this.written = this.end;
    this.files.epochs.truncateFromEnd(this.end);
    this.files.rebuildProducers(this.end);
  }

  /** Drops everything; the next offset to be given is `restart.offset`. Throws what the disk throws. */
  restartAt(restart: Restart, checkpoint: () => void): void {
    this.discardStaged();
    this.ring.clear();
    this.end = restart.offset;
    this.written = restart.offset;
    this.files.restartAt(restart, checkpoint);
  }

  /** From now on the log takes nothing. */
  fail(cause: unknown): LogError {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (this.failure === undefined) {
      this.failure = cause instanceof LogError ? cause : new LogError('failed', message, { cause });
      this.onFailed(this.failure);
    }
    return this.failure;
  }

  /** Takes nothing more; what is staged is lost. Not a failure: nobody is told. */
  close(): void {
    this.discardStaged();
    this.failure ??= new LogError('failed', `${this.files.directory}: the log is closed`);
  }

  /** All of them are looked at before the first is taken: one that cannot be here refuses all. */
  private appendReplicated(bytes: Uint8Array): AppendResult {
    const { result } = this;
    const { epochs } = this.files;
    // An epoch that this replica began as leader and wrote nothing in is no part of the log that it follows now.
    if (bytes.length >= BATCH_HEADER_BYTES && batchLeaderEpoch(bytes, 0) < epochs.latest) {
      epochs.truncateFromEnd(this.end);
    }
    const admission = admitReplicated(bytes, { end: this.end, leaderEpoch: epochs.latest }, result);
    if (admission === 'refused') return result;
    try {
      if (admission === 'sparse') this.files.becomeSparse();
    } catch (cause) {
      this.refuseStorage(this.takeBack(cause));
      return result;
    }
    const directBytesMin = this.files.resources.memory.ringBytesMax * DIRECT_SHARE_MIN;
    if (bytes.length >= directBytesMin && !this.ring.hasStaged) this.appendDirectly(bytes);
    else this.stageEach(bytes);
    if (result.error === ErrorCode.NONE) {
      result.baseOffset = bytes.length > 0 ? batchBaseOffset(bytes, 0) : -1;
    }
    return result;
  }

  private stageEach(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += batchSizeBytes(bytes, at)) {
      const batch = bytes.subarray(at, at + batchSizeBytes(bytes, at));
      this.stage(batch, batchBaseOffset(batch, 0), batchLeaderEpoch(batch, 0), undefined);
      if (this.result.error !== ErrorCode.NONE) return;
    }
  }

  private stage(
    batch: Uint8Array,
    baseOffset: number,
    leaderEpoch: number,
    maxTimestamp: number | undefined,
  ): void {
    const size = batch.length;
    const lastOffset = baseOffset + batchLastOffsetDelta(batch, 0);
    let refused: LogError | undefined;
    if (this.mustRoll(batch, 0, lastOffset)) refused = this.writeOut() ?? this.roll();
    let placement = this.ring.place(size);
    if (placement !== 'placed') {
      refused ??= this.writeOut();
      placement = this.ring.place(size);
    }
    if (refused !== undefined) {
      this.refuseStorage(refused);
      return;
    }
    const active = this.files.segments.active;
    if (!this.ring.hasStaged) active.mark(this.mark);
    const inRing = placement === 'placed';
    const target = inRing ? this.ring.bytes : new Uint8Array(size);
    const at = inRing ? this.ring.placedAt : 0;
    target.set(batch, at);
    setBatchBaseOffset(target, at, baseOffset);
    setBatchLeaderEpoch(target, at, leaderEpoch);
    this.stamp(target, at, maxTimestamp);
    this.count(target, at);
    if (inRing) this.ring.commit(size, baseOffset);
    else this.writeDirectly(target);
  }

  /** Takes the batch at `at` up into the log's books: it lies, or will lie, at the end of the active segment. */
  private count(bytes: Uint8Array, at: number): void {
    const { epochs, producers, segments } = this.files;
    const baseOffset = batchBaseOffset(bytes, at);
    const leaderEpoch = batchLeaderEpoch(bytes, at);
    segments.active.added(bytes, at, segments.active.bytes, this.config.indexIntervalBytes);
    if (leaderEpoch > epochs.latest) epochs.assign(leaderEpoch, baseOffset);
    if (batchProducerId(bytes, at) >= 0) producers.record(bytes, at);
    this.result.baseOffset = baseOffset;
    this.result.lastOffset = baseOffset + batchLastOffsetDelta(bytes, at);
    this.end = this.result.lastOffset + 1;
  }

  /** Replicated batches that go to the file as they are; nothing is staged. */
  private appendDirectly(bytes: Uint8Array): void {
    try {
      this.writeBySegments(bytes);
    } catch (cause) {
      // An index that had to be read and could not: what was counted is in no file.
      this.refuseStorage(this.takeBack(cause));
    }
  }

  private writeBySegments(bytes: Uint8Array): void {
    let from = 0;
    for (let at = 0; at < bytes.length; at += batchSizeBytes(bytes, at)) {
      const lastOffset = batchBaseOffset(bytes, at) + batchLastOffsetDelta(bytes, at);
      if (this.mustRoll(bytes, at, lastOffset)) {
        this.writeDirectly(bytes.subarray(from, at));
        const refused = this.unreported ?? this.roll();
        if (refused !== undefined) {
          this.refuseStorage(refused);
          return;
        }
        from = at;
      }
      if (at === from) this.files.segments.active.mark(this.mark);
      this.count(bytes, at);
    }
    this.writeDirectly(bytes.subarray(from));
  }

  private stamp(target: Uint8Array, at: number, maxTimestamp: number | undefined): void {
    if (this.context.origin === 'replica') return;
    if (this.config.logAppendTime) {
      setBatchLogAppendTime(target, at, this.context.nowMs);
      this.result.logAppendTimeMs = this.context.nowMs;
    } else if (maxTimestamp !== undefined) {
      setBatchMaxTimestamp(target, at, maxTimestamp);
    }
  }

  private mustRoll(bytes: Uint8Array, at: number, lastOffset: number): boolean {
    const { active } = this.files.segments;
    if (active.bytes === 0) return false;
    if (active.isFullFor(batchSizeBytes(bytes, at), lastOffset, this.config)) return true;
    const first = active.firstTimestamp ?? active.readFirstTimestamp();
    const timestamp = this.config.logAppendTime ? this.context.nowMs : batchMaxTimestamp(bytes, at);
    const ageMs = first >= 0 ? timestamp - first : this.context.nowMs - active.openedAtMs;
    return ageMs > this.config.segmentMs;
  }

  /** Past the ring; nothing is staged. */
  private writeDirectly(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const refused = this.write((file, position) => {
      writeFully(file, bytes, 0, bytes.length, position);
      this.ring.clear();
    });
    if (refused !== undefined) this.refuseStorage(refused);
  }

  /** Has `put` write what was counted and is not in the file yet. An error means that it has been taken back. */
  private write(put: (file: DiskFile, position: number) => void): LogError | undefined {
    const { active } = this.files.segments;
    try {
      this.files.materialize();
      this.files.epochs.save();
      put(active.slot.use(), active.writtenBytes);
    } catch (cause) {
      return this.takeBack(cause);
    }
    active.writtenBytes = active.bytes;
    active.dirty = true;
    this.written = this.end;
    try {
      active.saveIndexesIfDue();
      return undefined;
    } catch (cause) {
      return this.fail(cause);
    }
  }

  private refuseStorage(error: LogError): void {
    this.unreported = error;
    resetResult(this.result);
    refuse(this.result, ErrorCode.KAFKA_STORAGE_ERROR, error.message);
  }

  /** As if what was staged had never come. */
  private takeBack(cause: unknown): LogError {
    const { active } = this.files.segments;
    try {
      this.discardStaged();
      if (this.files.isOnDisk) active.slot.use().truncateSync(active.writtenBytes);
      return this.refusalFor(cause);
    } catch (second) {
      return this.fail(second);
    }
  }

  private discardStaged(): void {
    if (this.written === this.end) return;
    this.ring.dropStaged();
    this.files.segments.active.restore(this.mark);
    this.end = this.written;
    this.files.epochs.truncateFromEnd(this.end);
    if (!this.files.producers.truncateTo(this.end)) this.files.rebuildProducers(this.end);
  }

  /** A full disk, or no descriptors, may pass; after anything else nobody knows what is on the disk. */
  private refusalFor(cause: unknown): LogError {
    const passing = ['no-space', 'short-write', 'too-many-files'];
    if (!(cause instanceof DiskError) || !passing.includes(cause.code)) return this.fail(cause);
    return new LogError('failed', cause.message, { cause });
  }
}
