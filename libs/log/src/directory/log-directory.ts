/**
 * A broker's data directory: its identity, its lock, its checkpoints and its partitions' logs. Holds the open logs and
 * the budgets that they share. One per broker, made at its start and closed at its end.
 *
 * What must hold: one process at a time; the clean-shutdown marker is there only while nobody has the directory and
 * everything in it was flushed; a recovery point on disk is never ahead of what was forced to disk.
 */
import {
  writeFileAtomically,
  type Clock,
  type DirectoryLock,
  type Disk,
  type Random,
} from '@tidemark/platform';
import { LogCleaner, type CompactionTotals } from '../compaction/log-cleaner.js';
import type { LogConfig } from '../config/log-config.js';
import { LogError } from '../log-error.js';
import { makeLogResources, type LogLimits, type LogResources } from '../log-resources.js';
import type { LogIdentity, LogListener } from '../log-options.js';
import { PartitionLog } from '../partition-log.js';
import {
  asidesOf,
  hasAsides,
  isRepairing,
  markRepairing,
  setDirectoryAside,
  unmarkRepairing,
} from './asides.js';
import { makeDurableDirectory } from './make-durable.js';
import { readMetaProperties, uuidOf, writeMetaProperties } from './meta-properties.js';
import { OffsetFile } from './offset-file.js';
import { readTopicId } from './partition-metadata.js';

export interface LogDirectoryOptions extends LogLimits {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly path: string;
  readonly clusterId: string;
  readonly nodeId: number;
  /** The id that an empty directory gets, base64url of 16 bytes; left out: a random one. */
  readonly directoryId?: string;
  /** Whether the machine went down under the last owner; absent: the lock that it left behind tells. */
  readonly pageCacheLost?: boolean;
}

/** A partition found on disk. `topicId` is absent when its metadata file is. */
export interface StoredPartition {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string | undefined;
}

const CLEAN_SHUTDOWN = '.kafka_cleanshutdown';
const RECOVERY_POINTS = 'recovery-point-offset-checkpoint';
const LOG_STARTS = 'log-start-offset-checkpoint';
const HIGH_WATERMARKS = 'replication-offset-checkpoint';
const DELETE_SUFFIX = '-delete';
const NAME_BYTES_MAX = 255;

export class LogDirectory {
  private readonly open = new Map<string, PartitionLog>();
  /** Logs that this process closed in order and may open again. */
  private readonly closedInOrder = new Set<string>();
  private readonly resources: LogResources;
  private readonly cleaner: LogCleaner;
  private readonly recoveryPoints: OffsetFile;
  private readonly logStarts: OffsetFile;
  private readonly highWatermarks: OffsetFile;
  /** A checkpoint that does not make anybody wait. */
  private checkpointing: Promise<void> | undefined;
  /** Something was set aside, by this process or an earlier one; undefined: nobody has asked yet. */
  private asides: boolean | undefined;
  /** A use of tail memory; what was not used since is idle. */
  private idleMark = 0;
  private readonly disk: Disk;

  /** Makes or checks meta.properties and takes the lock. Throws LogError (locked, foreign, corrupt), DiskError. */
  static open(options: LogDirectoryOptions): LogDirectory {
    const { disk, path } = options;
    makeDurableDirectory(disk, path);
    const lock = disk.lockDirectorySync(path);
    if ('heldBy' in lock) throw new LogError('locked', `${path} is in use by process ${lock.heldBy}`);
    try {
      return new LogDirectory(options, lock, identify(options));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor(
    private readonly options: LogDirectoryOptions,
    private readonly lock: DirectoryLock,
    /** base64url uuid from meta.properties. */
    readonly directoryId: string,
  ) {
    this.disk = options.disk;
    this.resources = makeLogResources(options.disk, options.clock, options);
    this.recoveryPoints = new OffsetFile(this.disk, `${this.path}/${RECOVERY_POINTS}`);
    this.logStarts = new OffsetFile(this.disk, `${this.path}/${LOG_STARTS}`);
    this.highWatermarks = new OffsetFile(this.disk, `${this.path}/${HIGH_WATERMARKS}`);
    this.cleaner = new LogCleaner(options);
    const marker = `${this.path}/${CLEAN_SHUTDOWN}`;
    this.cleanlyClosed = this.disk.existsSync(marker);
    this.disk.removeSync(marker);
    this.disk.syncDirectorySync(this.path);
    this.removeDeleted();
  }

  /** Whether the last owner closed it in order. */
  readonly cleanlyClosed: boolean;

  /** Whether what the last owner had not forced to disk may be lost: it did not close, and the machine went down. */
  get pageCacheLost(): boolean {
    return !this.cleanlyClosed && (this.options.pageCacheLost ?? this.lock.rebooted ?? false);
  }

  /** All that was stored has been opened, and cut where it was torn: whoever opens it next need not doubt it. */
  settleRecovery(): void {
    this.lock.recovered();
  }

  get path(): string {
    return this.options.path;
  }

  /** Memory that the tails of all logs take, bytes. */
  get tailBytes(): number {
    return this.resources.memory.usedBytes;
  }

  get openFiles(): number {
    return this.resources.files.count;
  }

  storedPartitions(): StoredPartition[] {
    const stored: StoredPartition[] = [];
    for (const name of this.disk.listSync(this.path)) {
      const parsed = parsePartitionName(name);
      if (parsed === undefined) continue;
      stored.push({ ...parsed, topicId: readTopicId(this.disk, `${this.path}/${name}`) });
    }
    return stored;
  }

  /**
   * Opens an existing log, recovering it, or a new one, whose files are made by its first append.
   * Throws LogError('corrupt' | 'foreign') and DiskError.
   */
  openLog(identity: LogIdentity, config: LogConfig, listener?: LogListener): PartitionLog {
    const name = partitionName(identity);
    const known = this.open.get(name);
    if (known !== undefined) throw new LogError('locked', `${name} is open already`);
    const directory = `${this.path}/${name}`;
    this.refuseOtherTopic(directory, identity);
    const log = PartitionLog.open({
      resources: this.resources,
      directory,
      identity,
      config,
      listener,
      recoveryPoint: this.recoveryPoints.offsets.get(name) ?? 0,
      logStartOffset: this.logStarts.offsets.get(name) ?? 0,
      highWatermark: this.highWatermarks.offsets.get(name) ?? 0,
      clean: this.cleanlyClosed || this.closedInOrder.has(name),
      pageCacheLost: this.pageCacheLost,
      onTruncate: (cut) => {
        this.cleaner.truncated(name, cut.flushedEnd);
        this.checkpoint();
      },
    });
    this.closedInOrder.delete(name);
    this.open.set(name, log);
    if (log.wasRestarted) {
      this.checkpoint();
      log.settleRestart();
    }
    return log;
  }

  /** Logs that are open. */
  logs(): Iterable<PartitionLog> {
    return this.open.values();
  }

  /** Closes one log in order; it may be opened again. Rejects with LogError. */
  async closeLog(log: PartitionLog): Promise<void> {
    const name = partitionName(log.identity);
    const usable = log.failure === undefined;
    await log.close();
    this.remember(name, log);
    this.open.delete(name);
    if (usable) this.closedInOrder.add(name);
  }

  /** The log is gone for its users at once (renamed `-delete`), its files soon after. Its state may be `failed`. */
  deleteLog(log: PartitionLog): Promise<void> {
    log.abandon();
    this.open.delete(partitionName(log.identity));
    return this.deleteStored(log.identity);
  }

  /** The same for a partition that is on disk but not open. Rejects with DiskError. */
  async deleteStored(partition: Pick<StoredPartition, 'topic' | 'partition'>): Promise<void> {
    const name = partitionName(partition);
    this.closedInOrder.delete(name);
    // The offsets go first: a new partition of the name must not be measured by them.
    this.forgetOffsets(name);
    const from = `${this.path}/${name}`;
    if (!this.disk.existsSync(from)) return;
    const suffix = `.${this.options.random.uuid().replaceAll('-', '')}${DELETE_SUFFIX}`;
    const to = `${this.path}/${name.slice(0, NAME_BYTES_MAX - suffix.length)}${suffix}`;
    this.disk.renameSync(from, to);
    this.disk.syncDirectorySync(this.path);
    await this.disk.remove(to);
  }

  /**
   * Takes a damaged partition's files out of the way, untouched, open or not: an empty log can be opened in their
   * place, and the partition is repairing until `repaired`. Throws DiskError.
   */
  setAside(identity: LogIdentity): void {
    const name = partitionName(identity);
    this.open.get(name)?.abandon();
    this.open.delete(name);
    this.closedInOrder.delete(name);
    const unique = this.options.random.uuid().replaceAll('-', '');
    this.asides = true;
    setDirectoryAside(this.disk, this.path, identity, unique);
    // Only now: by these offsets the damaged log is known for what it is if a crash comes between.
    this.forgetOffsets(name);
  }

  /** The partition's log here is not complete until a peer has filled it. On disk when it returns. Throws DiskError. */
  markRepairing(identity: LogIdentity): void {
    markRepairing(this.disk, this.path, identity);
  }

  /** Marked, or something of it was set aside and not given up yet. */
  isRepairing(identity: LogIdentity): boolean {
    this.asides ??= hasAsides(this.disk, this.path);
    return isRepairing(this.disk, this.path, identity, this.asides);
  }

  /** The log is complete again: the mark goes, then what was set aside. Rejects with DiskError. */
  repaired(identity: LogIdentity): Promise<void> {
    unmarkRepairing(this.disk, this.path, identity);
    return this.dropAsides(identity);
  }

  /** Gone for `isRepairing` at once, from disk soon after. Rejects with DiskError. */
  async dropAsides(identity: LogIdentity): Promise<void> {
    const doomed = asidesOf(this.disk, this.path, identity).map((name) => {
      const from = `${this.path}/${name}`;
      const to = from.replace(/-aside$/, DELETE_SUFFIX);
      this.disk.renameSync(from, to);
      return to;
    });
    if (doomed.length === 0) return;
    this.disk.syncDirectorySync(this.path);
    await Promise.all(doomed.map((path) => this.disk.remove(path)));
  }

  /**
   * Saves recovery points, log starts and high watermarks, each where it has changed: on disk when it returns. For what
   * must not be forgotten (DeleteRecords, a log that is to be cut). Waits for the device. Throws DiskError.
   */
  checkpoint(): void {
    for (const file of this.remembered()) file.save();
  }

  /** The same without waiting on the event loop; call it every few seconds. Rejects with DiskError. */
  checkpointLater(): Promise<void> {
    this.checkpointing ??= this.saveLater().finally(() => {
      this.checkpointing = undefined;
    });
    return this.checkpointing;
  }

  private async saveLater(): Promise<void> {
    for (const file of this.remembered()) await file.saveLater();
  }

  /**
   * Compacts the log that needs it most, off the event loop; false when none does. Call it now and then, and again at
   * once while it answers true. Rejects with LogError, DiskError.
   */
  compact(): Promise<boolean> {
    return this.cleaner.run(this.open);
  }

  get compaction(): Readonly<CompactionTotals> {
    return this.cleaner.totals;
  }

  /** Frees the memory of tails that nobody has read or written for a while; call it now and then. */
  releaseIdle(): void {
    this.resources.memory.evictUnusedSince(this.idleMark);
    this.idleMark = this.resources.memory.touch();
  }

  /**
   * Flushes and closes all logs, writes checkpoints and the clean-shutdown marker, gives up the lock. Without the
   * marker when a log could not be closed in order: the next start recovers. Rejects with DiskError, LogError.
   */
  async close(): Promise<void> {
    const logs = [...this.open.values()];
    try {
      const failures: unknown[] = [];
      for (const log of logs) {
        if (log.failure !== undefined) failures.push(log.failure);
        await log.close().catch((cause: unknown) => failures.push(cause));
      }
      await this.cleaner.idle();
      await this.checkpointing?.catch((cause: unknown) => failures.push(cause));
      this.checkpoint();
      this.open.clear();
      if (failures.length > 0) throw failures[0];
      const marker = Buffer.from(JSON.stringify({ version: 0, brokerEpoch: -1 }));
      writeFileAtomically(this.disk, `${this.path}/${CLEAN_SHUTDOWN}`, marker);
    } finally {
      this.lock.release();
    }
  }

  private forgetOffsets(name: string): void {
    for (const { offsets } of this.offsetFiles) offsets.delete(name);
    this.cleaner.forget(name);
    this.checkpoint();
  }

  private get offsetFiles(): readonly OffsetFile[] {
    return [this.recoveryPoints, this.logStarts, this.highWatermarks];
  }

  /** The files, with what the open logs say now. */
  private remembered(): readonly OffsetFile[] {
    for (const [name, log] of this.open) this.remember(name, log);
    return this.offsetFiles;
  }

  private remember(name: string, log: PartitionLog): void {
    if (!log.isOnDisk) return;
    this.recoveryPoints.offsets.set(name, log.flushedEnd);
    this.logStarts.offsets.set(name, log.logStartOffset);
    this.highWatermarks.offsets.set(name, log.highWatermark);
  }

  private refuseOtherTopic(directory: string, identity: LogIdentity): void {
    if (!this.disk.existsSync(directory)) return;
    const stored = readTopicId(this.disk, directory);
    if (stored === undefined || stored === identity.topicId) return;
    throw new LogError(
      'foreign',
      `${directory} belongs to the topic with id ${stored}, not ${identity.topicId}`,
    );
  }

  private removeDeleted(): void {
    for (const name of this.disk.listSync(this.path)) {
      if (!/\.[0-9a-f]{32}-delete$/.test(name)) continue;
      // What cannot be removed now is removed at the next start.
      this.disk.remove(`${this.path}/${name}`).catch(() => undefined);
    }
  }
}

function identify(options: LogDirectoryOptions): string {
  const { disk, path, clusterId, nodeId } = options;
  const stored = readMetaProperties(disk, path);
  if (stored === undefined) {
    const stranger = disk.listSync(path).find((name) => !name.startsWith('.') && name !== 'lost+found');
    if (stranger !== undefined) {
      throw new LogError('foreign', `${path} is no data directory of a broker: it holds "${stranger}"`);
    }
    const directoryId = options.directoryId ?? uuidOf(options.random.bytes(16));
    writeMetaProperties(disk, path, { clusterId, nodeId, directoryId });
    return directoryId;
  }
  if (stored.clusterId !== clusterId || stored.nodeId !== nodeId) {
    const theirs = `node ${stored.nodeId} of cluster ${stored.clusterId}`;
    throw new LogError(
      'foreign',
      `${path} belongs to ${theirs}, not to node ${nodeId} of cluster ${clusterId}`,
    );
  }
  return stored.directoryId;
}

export function partitionName(partition: Pick<StoredPartition, 'topic' | 'partition'>): string {
  return `${partition.topic}-${partition.partition}`;
}

function parsePartitionName(name: string): { topic: string; partition: number } | undefined {
  const match = /^([A-Za-z0-9._-]+)-(\d+)$/.exec(name);
  if (match?.[1] === undefined) return undefined;
  return { topic: match[1], partition: Number(match[2]) };
}
