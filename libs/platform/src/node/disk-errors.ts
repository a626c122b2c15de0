/**
 * Turns what the file system reports into the few causes that a caller can decide on.
 */
import { DiskError, type DiskErrorCode } from '../disk.js';

const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EEXIST: 'exists',
  ENOTEMPTY: 'exists',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  EROFS: 'no-permission',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
};

export function toDiskError(path: string, cause: unknown): DiskError {
  const system = cause as NodeJS.ErrnoException;
  return new DiskError(CODES[system.code ?? ''] ?? 'io', path, system.message, { cause });
}

/** Runs one file-system call and reports its refusal as a `DiskError` at `path`. */
export function atDisk<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw toDiskError(path, cause);
  }
}
