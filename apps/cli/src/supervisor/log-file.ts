/**
 * Log files of the stack's processes: reading their end, and keeping them from growing without limit. A process
 * appends to its file by a descriptor it inherited, so a file that is too long is copied away and cut to nothing
 * (what is written between the two steps is lost), never renamed.
 */
import fs from 'node:fs';

const LOG_MAX_BYTES = 32 * 1024 * 1024;
const TAIL_MAX_BYTES = 256 * 1024;

/** The last lines of a text file; none when it cannot be read. */
export function tailOf(file: string, lines: number): string[] {
  try {
    const descriptor = fs.openSync(file, 'r');
    try {
      const size = fs.fstatSync(descriptor).size;
      const bytes = Buffer.alloc(Math.min(size, TAIL_MAX_BYTES));
      fs.readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
      const all = bytes.toString('utf8').split('\n');
      if (all.at(-1) === '') all.pop();
      // Cut in the middle of a line where the window began.
      if (size > bytes.length) all.shift();
      return all.slice(-lines);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return [];
  }
}

/** Cuts every `*.log` of the directory that is over the limit; its content goes to `*.log.1`. */
export function rotateLogs(directory: string, maxBytes = LOG_MAX_BYTES): void {
  let names: string[];
  try {
    names = fs.readdirSync(directory).filter((name) => name.endsWith('.log'));
  } catch {
    return;
  }
  for (const name of names) {
    const file = `${directory}/${name}`;
    try {
      if (fs.statSync(file).size <= maxBytes) continue;
      fs.copyFileSync(file, `${file}.1`);
      fs.truncateSync(file, 0);
    } catch {
      // A full disk must not take the supervisor down; the next round tries again.
    }
  }
}
