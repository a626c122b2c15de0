/**
 * Makes a directory whose name survives a power loss: of each directory that had to be made the one above is forced to
 * disk too. Called before anything is put into a data directory.
 */
import { DiskError, type Disk } from '@tidemark/platform';

/** Throws DiskError. */
export function makeDurableDirectory(disk: Disk, path: string): void {
  const missing: string[] = [];
  for (let at = path; at !== '' && at !== '/' && !disk.existsSync(at); at = above(at)) missing.push(at);
  if (missing.length === 0) return;
  disk.makeDirectorySync(path);
  for (const made of missing.reverse()) {
    try {
      disk.syncDirectorySync(above(made));
    } catch (error) {
      // A directory may be one that we may write below and not read; then nobody can force it to disk.
      if (!(error instanceof DiskError) || error.code !== 'no-permission') throw error;
    }
  }
}

function above(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return path.slice(0, slash) || '/';
}
