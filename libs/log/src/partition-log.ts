/**
 * One partition's log: what the broker appends to, reads from, truncates and flushes. Holds the offsets (start, end,
 * written, flushed, high watermark) and the tail in memory; the files are `LogFiles`' matter. Owned by one replica and
 * driven by its tick: appends stage, `writeStaged` writes, `flush` forces to disk.
 *
 * What must hold: logStart <= flushedEnd <= writtenEnd <= logEnd; what was staged and could not be written is taken
 * back as if it had never come, or the log has failed; an error is never silent. An idle log has no open file, no ring
 * and no timer, and no directory before its first record.
 */
import type { AppendOptions, AppendResult } from './append/append-result.js';
import { tellingDamage } from './compaction/batch-chunks.js';
import { cleanableRange, type CleanableRange } from './compaction/cleanable.js';
import { compactionPass, type PassResult } from './compaction/compaction-pass.js';
import type { KeyMap } from './compaction/key-map.js';
import type { LogConfig } from './config/log-config.js';
import { GroupCommit } from './group-commit.js';
import { LogError } from './log-error.js';
import { LogFiles } from './log-files.js';
import type { EpochEnd, LogIdentity, LogListener, LogOptions } from './log-options.js';
import { LogReads } from './read/log-reads.js';
import { watermarkToTrust } from './recovery.js';
import type { LogResources } from './log-resources.js';
import { LogWriter } from './append/log-writer.js';
import type { ReadOptions, ReadResult } from './read/read-result.js';
import type { KnownProducers } from './producer/producer-state.js';
import { expiredSegments } from './retention.js';
import { scrubSegments, type Pace } from './scrub/scrub-segments.js';
import type { Segment } from './segment/segment.js';
import { TailRing } from './tail/tail-ring.js';
import type { TimestampOffset } from './read/time-lookup.js';

export class PartitionLog {
  readonly identity: LogIdentity;
  readonly directory: string;
  /** Set once by whoever owns the log (the replica). */
  listener: LogListener | undefined;
  /** Kept here so that it is checkpointed and bounds retention; moved by the replica. */
  highWatermark: number;

  private readonly resources: LogResources;
  private readonly files: LogFiles;
  private readonly ring: TailRing;
  private readonly writer: LogWriter;
  private readonly reads: LogReads;
  private readonly commit = new GroupCommit(() => this.flushNow());
  private readonly onTruncate: ((log: PartitionLog) => void) | undefined;
  private start: number;
  private flushed: number;
  /** Up to where the flush under way will have forced to disk; a truncation lowers it. */
  private flushing = 0;
  private flushedAtMs: number;
  private corruptAt: number | undefined;

  /** Throws LogError('corrupt' | 'foreign') and DiskError. */
  static open(options: LogOptions): PartitionLog {
    return new PartitionLog(options);
  }

  private constructor(options: LogOptions) {
    this.identity = options.identity;
    this.directory = options.directory;
    this.listener = options.listener;
    this.onTruncate = options.onTruncate;
    this.resources = options.resources;
    this.files = new LogFiles(options, options.identity.topicId);
    this.ring = new TailRing(this.resources.memory);
    const tellFailure = (error: LogError): void => this.listener?.failed?.(this, error);
    this.writer = new LogWriter(options.config, this.files, this.ring, tellFailure);
    this.reads = new LogReads(this.files, this.ring, (offset) => this.tellCorrupt(offset));
    const { logStartOffset, logEndOffset } = this.files.loaded;
    const clamp = (offset: number): number => Math.min(Math.max(offset, logStartOffset), logEndOffset);
    this.start = logStartOffset;
    this.flushed = clamp(this.wasRestarted ? logEndOffset : options.recoveryPoint);
    this.flushedAtMs = this.resources.clock.monotonic();
    this.highWatermark = clamp(watermarkToTrust(options));
    // Where nothing is acknowledged before it is on the device, what was recovered waits for that too.
    if (this.config.flushMessages === 1 && this.flushed < logEndOffset) this.startFlush();
  }

  get config(): LogConfig {
    return this.writer.config;
  }

  /** Takes effect with the next append, retention run and flush. */
  set config(config: LogConfig) {
    this.writer.config = config;
  }

  /** Bytes that its opening cut away behind the longest valid prefix; worth a line, whatever they were. */
  get cutBytes(): number {
    return this.files.loaded.cutBytes;
  }

  /** The first offset that may be read. */
  get logStartOffset(): number {
    return this.start;
  }

  /** The next offset to be given; batches up to here may still be staged in memory. */
  get logEndOffset(): number {
    return this.writer.end;
  }

  /** Everything below is in the page cache: it survives the death of this process. */
  get writtenEnd(): number {
    return this.writer.written;
  }

  /** Everything below is on the device (the recovery point). */
  get flushedEnd(): number {
    return this.flushed;
  }

  /** Below this offset acknowledgements may be given: `flushedEnd` with flush.messages=1, else `writtenEnd`. */
  get acknowledgeableEnd(): number {
    return this.config.flushMessages === 1 ? this.flushed : this.writer.written;
  }

  /** Of the last leader that is known, which may not have appended anything yet; -1 before the first epoch. */
  get latestEpoch(): number {
    return this.files.epochs.latest;
  }

  /** Of the last record, by which logs are compared; of a log with no records left, the latest. -1: none. */
  get lastRecordEpoch(): number {
    const { epochs } = this.files;
    return this.start < this.writer.end ? epochs.epochAt(this.writer.end - 1) : epochs.latest;
  }

  get sizeBytes(): number {
    return this.files.segments.bytes;
  }

  get segmentCount(): number {
    return this.files.segments.count;
  }

  /** Idempotent producers that are remembered. */
  get producers(): KnownProducers {
    return this.files.producers;
  }

  get failure(): LogError | undefined {
    return this.writer.failure;
  }

  /** A restart that a crash interrupted was finished by this opening; `settleRestart` is due after a checkpoint. */
  get wasRestarted(): boolean {
    return this.files.loaded.restarted;
  }

  /** The checkpoints tell where the log begins anew. Throws DiskError. */
  settleRestart(): void {
    this.files.settleRestart();
  }

  /** A read found damage there; undefined while none did. */
  get corruptOffset(): number | undefined {
    return this.corruptAt;
  }

  /** False while nothing was ever written: there is no directory. */
  get isOnDisk(): boolean {
    return this.files.isOnDisk;
  }

  /**
   * Checks and stages a record batch; of a replica, any number of whole batches with their offsets, which are written
   * at once when they are many. Header fields are patched in the log's copy. `writeStaged` must follow in the same turn
   * of the event loop, also to hear of what the disk refused. The result is reused by the next append.
   */
  append(bytes: Uint8Array, options: AppendOptions): AppendResult {
    return this.writer.append(bytes, options);
  }

  /**
   * Writes all that is staged, in one call where it lies together. On failure (disk full) what was staged is taken
   * back, `logEndOffset` returns to `writtenEnd`, and the error is answered: every waiter at or above
   * `logEndOffset` is to be told KAFKA_STORAGE_ERROR. The log stays usable unless `failure` is set.
   */
  writeStaged(): LogError | undefined {
    const error = this.writer.report() ?? this.writer.writeOut();
    if (error !== undefined) return error;
    if (this.writer.written - this.flushed >= this.config.flushMessages) this.startFlush();
    // A segment that is closed goes to the device, so that the next opening need not read and doubt it.
    else if (!this.commit.isRunning && this.files.segments.active.baseOffset > this.flushed)
      this.startFlush();
    return undefined;
  }

  /** Group commit: resolves when all that was appended before the call is on the device. Rejects with LogError. */
  flush(): Promise<void> {
    const refused = this.failure ?? this.writer.writeOutAndRemember();
    return refused === undefined ? this.commit.flush() : Promise.reject(refused);
  }

  /** Starts a flush when flush.messages or flush.ms ask for one; call it now and then. */
  flushIfDue(): void {
    const unflushed = this.writer.written - this.flushed;
    if (unflushed === 0 || this.failure !== undefined) return;
    const waitedMs = this.resources.clock.monotonic() - this.flushedAtMs;
    if (unflushed >= this.config.flushMessages || waitedMs >= this.config.flushMs) this.startFlush();
  }

  /** Memory answers at once, the disk later. Only batches that end below `upTo`. */
  read(fromOffset: number, maxBytes: number, options: ReadOptions): ReadResult | Promise<ReadResult> {
    return this.reads.read(this, fromOffset, maxBytes, options);
  }

  /** About how many bytes a read from this offset finds below `upTo`: exact in memory, to the index on disk. */
  bytesBetween(fromOffset: number, upTo: number): number {
    return this.reads.bytesBetween(this, fromOffset, upTo);
  }

  /** The first written record at or after `timestamp` that lies below `upTo`. Rejects with DiskError. */
  offsetForTimestamp(timestamp: number, upTo: number): Promise<TimestampOffset | undefined> {
    return this.reads.offsetForTimestamp(this, timestamp, Math.min(upTo, this.writer.written));
  }

  /** The first record that has the log's largest timestamp (ListOffsets -3). Rejects with DiskError. */
  offsetOfMaxTimestamp(): Promise<TimestampOffset | undefined> {
    return this.reads.offsetOfMaxTimestamp(this);
  }

  /** The leader of `leaderEpoch` begins at the log's end. Call before the first append in the epoch. */
  assignEpoch(leaderEpoch: number): void {
    if (leaderEpoch > this.files.epochs.latest) this.files.epochs.assign(leaderEpoch, this.writer.end);
  }

  /** OffsetForLeaderEpoch (L4): (-1, -1) when unknown. */
  endOffsetForEpoch(leaderEpoch: number): EpochEnd {
    return this.files.epochs.endOf(leaderEpoch, this.writer.end);
  }

  /** Of the record at `offset`; -1 when not known. */
  epochAt(offset: number): number {
    return this.files.epochs.epochAt(offset);
  }

  /** Drops everything at and above `offset`; a batch that spans it goes whole. Throws LogError('failed'). */
  truncateTo(offset: number): void {
    if (offset >= this.writer.end) return;
    this.reads.forget();
    try {
      if (offset < this.flushed) {
        this.flushed = offset;
        this.onTruncate?.(this);
      }
      this.writer.truncateTo(offset);
    } catch (cause) {
      throw this.writer.fail(cause);
    }
    this.flushed = Math.min(this.flushed, this.writer.end);
    this.flushing = Math.min(this.flushing, this.writer.end);
    this.start = Math.min(this.start, this.writer.end);
    this.highWatermark = Math.min(this.highWatermark, this.writer.end);
  }

  /**
   * Everything goes, and the log begins anew at `offset`: the leader has nothing below. `leaderEpoch` is that of the
   * record before, when it is known. A crash leaves the old log or the new. Throws LogError('failed').
   */
  truncateFullyAndStartAt(offset: number, leaderEpoch = -1): void {
    if (this.failure !== undefined) throw this.failure;
    this.reads.forget();
    try {
      this.writer.restartAt({ offset, leaderEpoch }, () => {
        this.start = this.flushed = this.highWatermark = offset;
        this.flushing = Math.min(this.flushing, offset);
        this.onTruncate?.(this);
      });
    } catch (cause) {
      throw this.writer.fail(cause);
    }
  }

  /** A follower's log begins where its leader's does: what lies below was committed there. Throws LogError. */
  followLogStart(offset: number): void {
    const start = Math.min(offset, this.writer.written);
    this.highWatermark = Math.max(this.highWatermark, start);
    this.deleteRecordsBefore(start);
  }

  /** Moves the log start up to `offset`, at most the high watermark; segments wholly below go. Throws LogError. */
  deleteRecordsBefore(offset: number): void {
    const start = Math.min(offset, this.highWatermark);
    if (start <= this.start) return;
    this.start = start;
    this.files.epochs.truncateFromStart(start);
    this.applyRetention();
  }

  /** Deletes segments by retention.ms, retention.bytes and log start. Returns how many went. Throws LogError. */
  applyRetention(): number {
    if (this.failure !== undefined) return 0;
    const nowMs = this.resources.clock.now();
    const limits = { nowMs, logStartOffset: this.start, highWatermark: this.highWatermark };
    const count = expiredSegments(this.files.summaries(this.writer.end), this.config, limits);
    if (count === 0) return 0;
    if (count === this.files.segments.count) {
      const refused = this.writer.writeOutAndRemember() ?? this.writer.roll();
      if (refused !== undefined) return 0;
    }
    try {
      this.start = Math.max(this.start, this.files.segments.at(count).baseOffset);
      this.flushed = Math.max(this.flushed, this.start);
      this.reads.forget();
      this.files.dropFirst(count, this.config.fileDeleteDelayMs);
      this.files.epochs.truncateFromStart(this.start);
      return count;
    } catch (cause) {
      throw this.writer.fail(cause);
    }
  }

  /** What compaction would have to do here, after it got to `checkpoint` the last time. */
  cleanable(checkpoint: number | undefined): CleanableRange {
    const upTo = Math.min(this.highWatermark, this.flushed);
    const limits = { nowMs: this.resources.clock.now(), logStartOffset: this.start, upTo, checkpoint };
    return cleanableRange(this.files.summaries(this.writer.end), this.config, limits);
  }

  /** One pass; nothing when the log changed under it. Rejects as `compactionPass` does; damage is told. */
  compact(range: CleanableRange, keys: KeyMap): Promise<PassResult | undefined> {
    const { files, config } = this;
    const swap = (group: readonly Segment[], cleaned: Segment): void => {
      try {
        this.reads.forget();
        files.swapIn(group, cleaned);
      } catch (cause) {
        throw this.writer.fail(cause);
      }
    };
    const nowMs = this.resources.clock.now();
    const pass = compactionPass({ files, config, range, keys, nowMs, swap });
    return tellingDamage(pass, (offset) => this.tellCorrupt(offset));
  }

  /** Reads what is closed and on the device, at the caller's pace. As `scrubSegments`; damage is told. */
  scrub(pace: Pace): Promise<void> {
    const walk = scrubSegments(this.files.segments, () => this.flushed, pace);
    return tellingDamage(walk, (offset) => this.tellCorrupt(offset));
  }

  /** Forgets producers that have been silent for `expirationMs`. */
  expireProducers(expirationMs: number): void {
    this.files.producers.expireBefore(this.resources.clock.now() - expirationMs);
  }

  /** Staged bytes written, indexes and producer state saved, flushed, files closed. Rejects with LogError. */
  async close(): Promise<void> {
    try {
      if (this.failure !== undefined || !(this.files.isOnDisk || this.writer.end > this.writer.written))
        return;
      const refused = this.writer.writeOut();
      if (refused !== undefined) throw refused;
      this.files.seal(this.writer.end);
      await this.commit.flush();
    } catch (cause) {
      throw this.writer.fail(cause);
    } finally {
      this.abandon();
    }
  }

  /** Closes the files and saves nothing: the log is about to be deleted, or has failed. */
  abandon(): void {
    this.writer.close();
    this.ring.evict();
    this.files.close();
  }

  /** A failure is kept in `failure` and told to the listener. */
  private startFlush(): void {
    this.commit.flush().catch(() => undefined);
  }

  private async flushNow(): Promise<void> {
    // A flush that waited for one that failed must not succeed: the failed one left nothing for it to do.
    if (this.failure !== undefined) throw this.failure;
    this.flushing = this.writer.written;
    try {
      await this.files.sync();
    } catch (cause) {
      // What the page cache holds after a refused flush, nobody knows: trying again might acknowledge what is lost.
      throw this.writer.fail(cause);
    }
    // Meanwhile the log may have been cut, and have grown again with what this flush knows nothing of.
    this.flushed = Math.max(this.flushed, this.flushing);
    this.flushedAtMs = this.resources.clock.monotonic();
    this.listener?.flushed?.(this);
  }

  private tellCorrupt(offset: number): void {
    if (this.corruptAt !== undefined) return;
    this.corruptAt = offset;
    this.listener?.corrupt?.(this, offset);
  }
}
