/**
 * The third door: files. Synchronous calls exist because appending to the page cache costs less than a trip
 * through the thread pool; reading cold data and flushing are asynchronous because they may wait for the device.
 *
 * Every call that the world can refuse throws a `DiskError`. A write may be cut short without an error (Node
 * reports half a write as success): callers check the returned count, or use `writeFully`.
 */

export type DiskErrorCode =
  'not-found' | 'exists' | 'no-space' | 'no-permission' | 'too-many-files' | 'io' | 'short-write';

/** The world said no: `code` is what to decide on, `path` where it happened, `cause` what the system reported. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  constructor(
    readonly code: DiskErrorCode,
    readonly path: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${detail}`, options);
  }
}

/** `read`: must exist. `write`: read and write, made when missing. `create`: read and write, must not exist. */
export type OpenMode = 'read' | 'write' | 'create';

export interface DiskFile {
  readonly path: string;
  /** Reads up to `length` bytes at `position`; returns how many there were (0 at the end). */
  readSync(target: Uint8Array, offset: number, length: number, position: number): number;
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** Writes up to `length` bytes at `position`; returns how many were taken, which may be fewer. */
  writeSync(source: Uint8Array, offset: number, length: number, position: number): number;
  write(source: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** Bytes written before the call survive a power loss after it resolves (fdatasync). */
  sync(): Promise<void>;
  syncSync(): void;
  truncateSync(length: number): void;
  sizeSync(): number;
  /** Further calls on a closed file are a bug of the caller. Closing twice does nothing. */
  closeSync(): void;
}

/** Held until `release` or the death of the process, whichever is first. */
export interface DirectoryLock {
  release(): void;
  /**
   * A holder died in an earlier boot of this machine, and nobody has said since that he `recovered`: what was written and
   * not forced to disk may be lost. False as well when nobody died in it.
   */
  readonly rebooted?: boolean;
  /** What an earlier boot may have torn is mended; the next holder need not look. */
  recovered(): void;
}

export interface Disk {
  openSync(path: string, mode: OpenMode): DiskFile;
  existsSync(path: string): boolean;
  /** Creates missing parents too. */
  makeDirectorySync(path: string): void;
  /** Names in the directory, sorted; not their paths. */
  listSync(path: string): string[];
  /** Atomically replaces `to`. */
  renameSync(from: string, to: string): void;
  /** Removing what is not there does nothing. */
  removeSync(path: string): void;
  /** A file, or a directory and all in it, off the event loop: the system takes long to remove what is large. */
  remove(path: string): Promise<void>;
  removeTreeSync(path: string): void;
  /** Makes the names in a directory (created, renamed, removed) survive a power loss. */
  syncDirectorySync(path: string): void;
  /** Takes the directory for this process alone, or answers who has it. A dead holder's lock is taken over. */
  lockDirectorySync(path: string): DirectoryLock | { readonly heldBy: number };
}

/** Writes all of `source[offset, offset + length)` at `position`, or throws `DiskError('short-write')`. */
export function writeFully(
  file: DiskFile,
  source: Uint8Array,
  offset: number,
  length: number,
  position: number,
): void {
  let written = 0;
  while (written < length) {
    const count = file.writeSync(source, offset + written, length - written, position + written);
    if (count === 0) throw new DiskError('short-write', file.path, `wrote ${written} of ${length} bytes`);
    written += count;
  }
}

/** The whole file, read in as many steps as it takes. */
export function readFully(disk: Disk, path: string): Uint8Array {
  const file = disk.openSync(path, 'read');
  try {
    const bytes = new Uint8Array(file.sizeSync());
    let filled = 0;
    while (filled < bytes.length) {
      const count = file.readSync(bytes, filled, bytes.length - filled, filled);
      if (count === 0) return bytes.subarray(0, filled);
      filled += count;
    }
    return bytes;
  } finally {
    file.closeSync();
  }
}

/** Replaces a small file so that a crash leaves either the old content or the new: write, sync, rename, sync. */
export function writeFileAtomically(disk: Disk, path: string, content: Uint8Array): void {
  const file = temporaryFile(disk, path, content);
  try {
    file.syncSync();
  } finally {
    file.closeSync();
  }
  disk.renameSync(file.path, path);
  disk.syncDirectorySync(path.slice(0, path.lastIndexOf('/')) || '/');
}

/**
 * The same without waiting for the device on the event loop. `isStale` is asked before the new content takes the place:
 * whoever wrote the file in the meantime has the last word. Resolves to whether it did. The name alone is not forced to
 * the device, so that after a loss of power the old content may still be there. Rejects with DiskError.
 */
export async function replaceFileLater(
  disk: Disk,
  path: string,
  content: Uint8Array,
  isStale: () => boolean,
): Promise<boolean> {
  const file = temporaryFile(disk, path, content);
  try {
    await file.sync();
  } finally {
    file.closeSync();
  }
  if (isStale()) return false;
  disk.renameSync(file.path, path);
  return true;
}

function temporaryFile(disk: Disk, path: string, content: Uint8Array): DiskFile {
  const temporary = `${path}.tmp`;
  disk.removeSync(temporary);
  const file = disk.openSync(temporary, 'create');
  try {
    writeFully(file, content, 0, content.length, 0);
    return file;
  } catch (error) {
    file.closeSync();
    throw error;
  }
}
