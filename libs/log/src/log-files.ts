/**
 * The files of one log and what goes with them from segment to segment: the list of segments, producer state with its
 * snapshots, epochs. Does to the disk what `PartitionLog` decides: make the directory, begin a segment, cut, drop,
 * force to disk. Knows no offsets but those of files.
 *
 * What must hold: after any step that fails or is cut short by a crash, what is on disk opens to a prefix of the log.
 */
import { writeFileAtomically } from '@tidemark/platform';
import type { CleanableSegment } from './compaction/cleanable.js';
import { topicIdText } from './directory/partition-metadata.js';
import type { EpochHistory } from './epoch-history.js';
import type { LogResources } from './log-resources.js';
import { rebuildProducers } from './producer/producer-recovery.js';
import {
  hasProducerSnapshot,
  removeProducerSnapshot,
  writeProducerSnapshot,
} from './producer/producer-snapshot.js';
import type { ProducerState } from './producer/producer-state.js';
import { clearRestart, removeSnapshots, writeRestart, type Restart } from './restart.js';
import { loadLog, newSegment, type LoadedLog, type LoadOptions } from './recovery.js';
import { Segment } from './segment/segment.js';
import {
  CLEANED_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  SEGMENT_SUFFIXES,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  offsetFileName,
} from './segment/segment-names.js';
import type { Segments } from './segment/segments.js';
import { markSparse } from './segment/sparse-marker.js';

export class LogFiles {
  readonly resources: LogResources;
  readonly directory: string;
  readonly segments: Segments;
  readonly producers: ProducerState;
  readonly epochs: EpochHistory;
  /** What loading found; moved on by the log itself. */
  readonly loaded: Pick<LoadedLog, 'logStartOffset' | 'logEndOffset' | 'cutBytes' | 'restarted'>;
  private onDisk: boolean;
  private sparse: boolean;
  private changes = 0;
  /** Names were made or removed since the directory was last forced to disk. */
  private directoryDirty = false;
  /** Renamed files that wait for their removal. */
  private readonly doomed = new Set<string>();

  /** Throws LogError('corrupt'), DiskError. */
  constructor(
    options: LoadOptions,
    private readonly topicId: string,
  ) {
    this.resources = options.resources;
    this.directory = options.directory;
    const { segments, producers, epochs, onDisk, sparse, ...loaded } = loadLog(options);
    this.segments = segments;
    this.producers = producers;
    this.epochs = epochs;
    this.onDisk = onDisk;
    this.sparse = sparse;
    this.loaded = loaded;
  }

  get isOnDisk(): boolean {
    return this.onDisk;
  }

  /** Whether there may be gaps between batches. */
  get isSparse(): boolean {
    return this.sparse;
  }

  /** Another number whenever segments were cut, dropped or closed: what somebody knew of them is out of date. */
  get generation(): number {
    return this.changes;
  }

  /** Before the first gap is written. Throws DiskError. */
  becomeSparse(): void {
    if (this.sparse) return;
    this.materialize();
    markSparse(this.resources.disk, this.directory);
    this.sparse = true;
  }

  /** Makes the directory before the first write. Throws DiskError. */
  materialize(): void {
    if (this.onDisk) return;
    const { disk } = this.resources;
    disk.makeDirectorySync(this.directory);
    writeFileAtomically(disk, `${this.directory}/partition.metadata`, Buffer.from(topicIdText(this.topicId)));
    disk.syncDirectorySync(this.directory.slice(0, this.directory.lastIndexOf('/')) || '/');
    this.onDisk = true;
    this.directoryDirty = true;
  }

  /** Closes the active segment and begins one at `baseOffset`, its file made at once. Throws DiskError. */
  roll(baseOffset: number): void {
    this.segments.active.seal();
    this.snapshotProducers(baseOffset);
    const segment = newSegment(this, baseOffset);
    segment.slot.use();
    this.directoryDirty = true;
    this.segments.add(segment);
  }

  /** Also when there are none: without a snapshot the whole log would be read at the next opening. */
  private snapshotProducers(offset: number): void {
    const { disk } = this.resources;
    if (!this.producers.dirty && hasProducerSnapshot(disk, this.directory, offset)) return;
    writeProducerSnapshot(disk, this.directory, offset, this.producers);
  }

  rebuildProducers(logEndOffset: number): void {
    const names = this.onDisk ? this.resources.disk.listSync(this.directory) : [];
    rebuildProducers(this, names, this.segments, { logEndOffset, state: this.producers });
  }

  /** Cuts everything at and beyond `offset`; answers the next offset. A batch that spans it goes. */
  truncateTo(offset: number): number {
    this.changes += 1;
    const index = this.segments.indexFor(offset);
    // From the end, so that a crash in between leaves no hole.
    for (const segment of this.segments.removeFrom(Math.max(index + 1, 1)).reverse()) this.drop(segment);
    const { active } = this.segments;
    if (index < 0) {
      const fresh = newSegment(this, offset);
      fresh.slot.use();
      this.drop(active);
      this.segments.replaceAll(fresh);
      return offset;
    }
    if (active.writtenBytes === 0) return active.baseOffset;
    active.truncateTo(offset);
    return active.bytes === 0 ? active.baseOffset : active.walkTail();
  }

  /**
   * All segments go, the log begins anew. `checkpoint` is called when the intention is on disk and before the first
   * file is touched. Throws DiskError.
   */
  restartAt(restart: Restart, checkpoint: () => void): void {
    const { disk } = this.resources;
    this.changes += 1;
    if (this.onDisk) writeRestart(disk, this.directory, restart);
    checkpoint();
    for (const segment of [...this.segments.all()].reverse()) this.drop(segment);
    this.producers.clear();
    this.epochs.restart(restart.leaderEpoch, restart.offset);
    const fresh = newSegment(this, restart.offset);
    this.segments.replaceAll(fresh);
    if (!this.onDisk) return;
    removeSnapshots(disk, this.directory);
    this.epochs.save();
    fresh.slot.use();
    disk.syncDirectorySync(this.directory);
    this.settleRestart();
  }

  /** The restart is in the checkpoints: it is over. Throws DiskError. */
  settleRestart(): void {
    clearRestart(this.resources.disk, this.directory);
  }

  /** Drops the oldest `count` segments; their files are removed after `delayMs`. */
  dropFirst(count: number, delayMs: number): void {
    this.changes += 1;
    for (const segment of this.segments.removeFirst(count)) {
      this.drop(segment, delayMs);
      removeProducerSnapshot(this.resources.disk, this.directory, segment.baseOffset);
    }
  }

  /**
   * A compacted segment, complete and on disk under its temporary names, takes the place of `group`. A crash in
   * between is finished by the next opening (`swap-recovery.ts`). Throws DiskError.
   */
  swapIn(group: readonly Segment[], cleaned: Segment): void {
    const { disk } = this.resources;
    const rename = (from: string, to: string): void => {
      // The log goes last.
      for (const suffix of [...SEGMENT_SUFFIXES].reverse()) {
        const path = `${this.directory}/${offsetFileName(cleaned.baseOffset, suffix)}`;
        if (disk.existsSync(path + from)) disk.renameSync(path + from, path + to);
      }
      disk.syncDirectorySync(this.directory);
    };
    rename(CLEANED_SUFFIX, SWAP_SUFFIX);
    for (const segment of group) this.drop(segment);
    rename(SWAP_SUFFIX, '');
    const { files, clock } = this.resources;
    const segment = new Segment(disk, files, this.directory, cleaned.baseOffset, {
      openedAtMs: clock.now(),
    });
    segment.adopt(cleaned);
    this.segments.replaceGroup(group, segment);
  }

  /** For retention and compaction; the active segment is among them. */
  summaries(logEndOffset: number): CleanableSegment[] {
    return this.segments.all().map((segment, index) => ({
      baseOffset: segment.baseOffset,
      bytes: segment.bytes,
      largestTimestamp: segment.maxTimestamp >= 0 ? segment.maxTimestamp : segment.openedAtMs,
      endOffset: this.segments.endOf(index, logEndOffset),
    }));
  }

  /** Forces to disk all that was written before the call. Rejects with DiskError. */
  async sync(): Promise<void> {
    const { disk } = this.resources;
    for (const segment of [...this.segments.all()]) {
      // While another was being flushed this one may have been truncated away or expired.
      if (segment.deleted || !segment.dirty) continue;
      segment.dirty = false;
      await syncSlot(segment);
      if (segment !== this.segments.active) await this.syncIndexes(segment);
    }
    if (!this.directoryDirty) return;
    this.directoryDirty = false;
    disk.syncDirectorySync(this.directory);
  }

  /** Saves what makes the next opening quick, at the log's end. Throws DiskError. */
  seal(logEndOffset: number): void {
    if (!this.onDisk) return;
    this.segments.active.seal();
    this.snapshotProducers(logEndOffset);
    this.epochs.save();
  }

  /** Closes all files and removes at once what waited for it. */
  close(): void {
    this.changes += 1;
    for (const segment of this.segments.all()) segment.slot.close();
    for (const path of this.doomed) this.resources.disk.removeSync(path);
    this.doomed.clear();
  }

  private drop(segment: Segment, delayMs = 0): void {
    this.directoryDirty = true;
    for (const path of segment.markDeleted()) {
      this.doomed.add(path);
      this.resources.clock.setTimer(delayMs, () => this.remove(path));
    }
  }

  private remove(path: string): void {
    if (!this.doomed.delete(path)) return;
    // What cannot be removed now is removed when the log is opened next.
    this.resources.disk.remove(path).catch(() => undefined);
  }

  private async syncIndexes(segment: Segment): Promise<void> {
    for (const suffix of [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX]) {
      const path = segment.pathOf(suffix);
      if (!this.resources.disk.existsSync(path)) continue;
      const file = this.resources.disk.openSync(path, 'read');
      try {
        await file.sync();
      } finally {
        file.closeSync();
      }
    }
  }
}

async function syncSlot(segment: Segment): Promise<void> {
  const file = segment.slot.pin();
  try {
    await file.sync();
  } finally {
    segment.slot.unpin();
  }
}
