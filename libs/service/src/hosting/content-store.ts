/**
 * The content store: immutable bytes named by their SHA-256, in files `<directory>/sha256/ab/abcdef…` on a directory
 * that all replicas share. Uploads, inputs, outputs and final stdout live here; events name them by hash, and only
 * after `put` has resolved. Holds no state in memory.
 *
 * What must hold: a file under its final name is complete, has that hash and survives a power loss (written aside,
 * synced, renamed, directory synced); nothing outside the directory is ever touched, because names are made from
 * hashes alone; what a crashed writer left aside is swept after a day.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DiskError } from '@tidemark/platform';
import type { Clock, Disk, DiskFile, Random } from '@tidemark/platform';

export interface ContentStoreOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  /** Made when missing; may be shared by many processes. */
  readonly directory: string;
}

export interface StoredContent {
  /** 64 lower-case hexadecimal characters. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface PutOptions {
  /** More than this is refused and nothing stays behind. */
  readonly bytesMax: number;
  /** When given, other content is refused. */
  readonly sha256?: string;
}

export type PutResult = StoredContent | { readonly refused: 'too-large' | 'hash-differs' };

/** First and last byte to read, both included, as in HTTP; left out: from the start, to the end. */
export interface ByteRange {
  readonly first?: number;
  readonly last?: number;
}

const HASH = /^[0-9a-f]{64}$/;
/** Temporary names carry the time of their making, because a disk door has no modification times. */
const TEMPORARY = /^(\d{1,15})-[0-9a-f-]{36}$/;
const TEMPORARY_AGE_MAX_MS = 24 * 60 * 60 * 1000;
const READ_BYTES = 256 * 1024;

export function isContentHash(text: string): boolean {
  return HASH.test(text);
}

export class ContentStore {
  readonly #options: ContentStoreOptions;
  readonly #root: string;
  readonly #aside: string;

  /** Throws `DiskError` when the directory cannot be made. */
  constructor(options: ContentStoreOptions) {
    this.#options = options;
    this.#root = join(options.directory, 'sha256');
    this.#aside = join(options.directory, 'tmp');
    options.disk.makeDirectorySync(this.#root);
    options.disk.makeDirectorySync(this.#aside);
  }

  /** Where content lies or would lie, for those who copy or link it within the machine. Throws on what is no hash. */
  pathOf(sha256: string): string {
    if (!isContentHash(sha256)) throw new RangeError('not a SHA-256 in lower-case hexadecimal');
    return join(this.#root, sha256.slice(0, 2), sha256);
  }

  /** Stores what the source gives. Rejects with the source's error or `DiskError`; then nothing has been stored. */
  async put(source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutResult> {
    const { disk, clock, random } = this.#options;
    const temporary = join(this.#aside, `${clock.now()}-${random.uuid()}`);
    const file = disk.openSync(temporary, 'create');
    try {
      const written = await writeAll(file, source, options.bytesMax);
      if (written === undefined) return { refused: 'too-large' };
      if (options.sha256 !== undefined && options.sha256 !== written.sha256)
        return { refused: 'hash-differs' };
      await file.sync();
      this.#adopt(temporary, written.sha256);
      return written;
    } finally {
      file.closeSync();
      disk.removeSync(temporary);
    }
  }

  /** The size of stored content; nothing when it is not there or the name is no hash. */
  stat(sha256: string): StoredContent | undefined {
    const file = this.#open(sha256);
    if (file === undefined) return undefined;
    try {
      return { sha256, bytes: file.sizeSync() };
    } finally {
      file.closeSync();
    }
  }

  /** The bytes of a range, piece by piece; nothing when the content is not there. Ends early rather than failing past the end. */
  read(sha256: string, range: ByteRange = {}): AsyncIterable<Uint8Array> | undefined {
    const file = this.#open(sha256);
    if (file === undefined) return undefined;
    file.closeSync();
    return this.#pieces(sha256, range);
  }

  /** Removes temporaries older than a day; answers how many there were. */
  sweep(): number {
    const { disk, clock } = this.#options;
    const stray = disk.listSync(this.#aside).filter((name) => {
      const made = TEMPORARY.exec(name)?.[1];
      return made !== undefined && clock.now() - Number(made) > TEMPORARY_AGE_MAX_MS;
    });
    for (const name of stray) disk.removeSync(join(this.#aside, name));
    return stray.length;
  }

  #adopt(temporary: string, sha256: string): void {
    const { disk } = this.#options;
    const folder = join(this.#root, sha256.slice(0, 2));
    if (!disk.existsSync(folder)) {
      disk.makeDirectorySync(folder);
      disk.syncDirectorySync(this.#root);
    }
    disk.renameSync(temporary, this.pathOf(sha256));
    disk.syncDirectorySync(folder);
  }

  #open(sha256: string): DiskFile | undefined {
    if (!isContentHash(sha256)) return undefined;
    try {
      return this.#options.disk.openSync(this.pathOf(sha256), 'read');
    } catch (error) {
      if (error instanceof DiskError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  /** Opens only when somebody reads, so that a reader who never comes leaks no descriptor. */
  async *#pieces(sha256: string, range: ByteRange): AsyncGenerator<Uint8Array> {
    const file = this.#options.disk.openSync(this.pathOf(sha256), 'read');
    try {
      const end = Math.min(file.sizeSync(), (range.last ?? Infinity) + 1);
      let position = range.first ?? 0;
      while (position < end) {
        const piece = new Uint8Array(Math.min(READ_BYTES, end - position));
        const count = await file.read(piece, 0, piece.length, position);
        if (count === 0) return;
        position += count;
        yield piece.subarray(0, count);
      }
    } finally {
      file.closeSync();
    }
  }
}

/** Writes until the source ends; nothing when it is longer than allowed. */
async function writeAll(
  file: DiskFile,
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<StoredContent | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of source) {
    if (bytes + piece.length > bytesMax) return undefined;
    hash.update(piece);
    let taken = 0;
    while (taken < piece.length) {
      const count = await file.write(piece, taken, piece.length - taken, bytes + taken);
      if (count === 0) throw new DiskError('short-write', file.path, 'nothing was taken');
      taken += count;
    }
    bytes += piece.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
