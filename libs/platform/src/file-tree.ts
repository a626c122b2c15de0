/**
 * The part of the third door that strangers' files need: job directories are written to by programs that we did not
 * write, so whoever looks into one asks what is really there instead of following where a name leads. Synchronous,
 * because each call is one metadata operation.
 */
import type { DiskFile } from './disk.js';

export type EntryKind = 'file' | 'directory' | 'link' | 'other';

export interface FileEntry {
  readonly kind: EntryKind;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** Calls that the world refuses for another reason than the one a result names throw `DiskError`. */
export interface FileTree {
  /**
   * Makes one directory in an existing parent, atomically: among any number of callers on any number of processes
   * exactly one is answered true; false when the name was taken already.
   */
  claimDirectorySync(path: string): boolean;
  /** What has this name itself; a link is described, not followed. Nothing when nobody has it. */
  describeSync(path: string): FileEntry | undefined;
  /** The path with every link on the way resolved; nothing when it leads nowhere. */
  realPathSync(path: string): string | undefined;
  /** Opens for reading without following a link in the last step; nothing when it is not a regular file. */
  openRegularSync(path: string): DiskFile | undefined;
  /** Permission bits, such as 0o700. */
  setModeSync(path: string, mode: number): void;
}
