/**
 * The snapshots of one broker's metadata log: `.checkpoint` files beside its segments. Holds their names, oldest first.
 * Written by whoever folds the log, sent to replicas that are behind the log's start, received from a leader by one that
 * is behind. Two are kept: the log begins at the end of the older one, so that a replica that is a little behind need
 * not load the newer.
 *
 * What must hold: a file is complete and on the disk before it has its name; the log's start never passes the end of
 * the newest snapshot.
 */
import type { PartitionLog } from '@tidemark/log';
import { readFully, writeFileAtomically, type Disk } from '@tidemark/platform';
import { decodeSnapshot, snapshotIdOf, snapshotName, type SnapshotId } from './snapshot-file.js';
import type { ControllerEvent } from '../controller-events.js';

const KEPT = 2;

export class Snapshots {
  private ids: SnapshotId[] = [];

  constructor(
    private readonly disk: Disk,
    private readonly log: PartitionLog,
    /** Saves the log's start. */
    private readonly checkpoint: () => void,
  ) {
    if (!disk.existsSync(log.directory)) return;
    for (const name of disk.listSync(log.directory)) {
      const id = snapshotIdOf(name);
      if (id !== undefined) this.ids.push(id);
    }
    // A crash may have come between a snapshot and the log's start, or the start may not have been saved.
    const first = this.ids.find(({ endOffset }) => endOffset >= log.logStartOffset);
    if (log.logStartOffset > 0 && first !== undefined) log.followLogStart(first.endOffset);
    const { newest } = this;
    if (newest !== undefined && newest.endOffset > log.logEndOffset) {
      log.truncateFullyAndStartAt(newest.endOffset, newest.epoch);
      checkpoint();
    }
  }

  get newest(): SnapshotId | undefined {
    return this.ids.at(-1);
  }

  /** The epoch of the last record below the log's start; 0 when it begins at 0. */
  get startEpoch(): number {
    const { logStartOffset } = this.log;
    return this.ids.find(({ endOffset }) => endOffset === logStartOffset)?.epoch ?? 0;
  }

  /** The events of the newest. Throws `WireError` when it is damaged, `DiskError`. */
  load(): { readonly id: SnapshotId; readonly events: ControllerEvent[] } | undefined {
    const { newest } = this;
    if (newest === undefined) return undefined;
    return { id: newest, events: decodeSnapshot(readFully(this.disk, this.pathOf(newest))) };
  }

  /** The state at `id` is committed and folded here. Throws `DiskError`. */
  write(id: SnapshotId, bytes: Uint8Array): void {
    this.store(id, bytes);
    const older = this.ids.at(-KEPT);
    if (older === undefined || older === this.newest) return;
    this.log.deleteRecordsBefore(older.endOffset);
    this.checkpoint();
    this.removeOld();
  }

  /** A leader's snapshot takes the place of everything that is here. Throws `DiskError`, `LogError`. */
  install(id: SnapshotId, bytes: Uint8Array): void {
    this.disk.makeDirectorySync(this.log.directory);
    this.store(id, bytes);
    this.log.truncateFullyAndStartAt(id.endOffset, id.epoch);
    this.checkpoint();
    for (const other of this.ids.slice(0, -1)) this.disk.removeSync(this.pathOf(other));
    this.ids = [id];
  }

  /** Bytes of a snapshot from `position` on; nothing when there is no such snapshot. Throws `DiskError`. */
  read(id: SnapshotId, position: number, maxBytes: number): { size: number; bytes: Uint8Array } | undefined {
    const known = this.ids.some(({ endOffset, epoch }) => endOffset === id.endOffset && epoch === id.epoch);
    if (!known) return undefined;
    const file = this.disk.openSync(this.pathOf(id), 'read');
    try {
      const size = file.sizeSync();
      const bytes = new Uint8Array(Math.max(0, Math.min(maxBytes, size - position)));
      const count = file.readSync(bytes, 0, bytes.length, position);
      return { size, bytes: bytes.subarray(0, count) };
    } finally {
      file.closeSync();
    }
  }

  private store(id: SnapshotId, bytes: Uint8Array): void {
    writeFileAtomically(this.disk, this.pathOf(id), bytes);
    this.ids = [...this.ids.filter(({ endOffset }) => endOffset < id.endOffset), id];
  }

  private removeOld(): void {
    for (const old of this.ids.slice(0, -KEPT)) this.disk.removeSync(this.pathOf(old));
    this.ids = this.ids.slice(-KEPT);
  }

  private pathOf(id: SnapshotId): string {
    return `${this.log.directory}/${snapshotName(id)}`;
  }
}
