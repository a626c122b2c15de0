/**
 * Where one connection's bytes land and are read in place. Holds the bytes that were received and not yet consumed.
 * The socket fills the space lent by `space()`; frames are read where they lie; only `space()` moves bytes, because
 * between two calls the socket still holds the space that was lent last.
 *
 * Memory follows what was received, never what a frame claims: a frame that announces 100 MiB costs 16 KiB until its
 * bytes come, and the buffer never exceeds about twice the bytes in it.
 */
import { assert } from '@tidemark/platform';

const INITIAL_BYTES = 16 * 1024;
/** A busy connection's buffer: two produce requests of 1 MiB. Larger ones are given back after use. */
const KEEP_BYTES = 2 * 1024 * 1024;
/** Less room than this is not worth a system call. */
const ROOM_MIN = 4 * 1024;
/** So many small reads in a row let a large buffer go. */
const SMALL_READS = 64;

export class ReceiveBuffer {
  private bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  private start = 0;
  private end = 0;
  private smallReads = 0;

  /** Bytes received and not consumed. */
  get buffered(): number {
    return this.end - this.start;
  }

  get capacity(): number {
    return this.bytes.length;
  }

  /** Free space for the next read; never empty. */
  space(): Uint8Array {
    if (this.start === this.end) this.start = this.end = 0;
    const frameBytes = 4 + Math.max(0, this.frameSize() ?? 0);
    if (this.capacity > this.wanted(frameBytes)) this.move(this.wanted(frameBytes));
    const fits = this.start + Math.min(frameBytes, this.capacity) <= this.capacity;
    if (this.capacity - this.end >= ROOM_MIN && fits) return this.bytes.subarray(this.end);
    if (this.start > 0) this.move(this.capacity);
    if (this.capacity - this.end < ROOM_MIN) this.move(this.capacity * 2);
    return this.bytes.subarray(this.end);
  }

  /** `count` bytes are now in the space that was lent last. */
  filled(count: number): void {
    assert(count <= this.capacity - this.end, 'more bytes received than there was space');
    this.end += count;
    if (this.end === this.capacity) this.smallReads = 0;
    else if (this.capacity > INITIAL_BYTES && this.buffered < this.capacity / 8) this.smallReads++;
    else this.smallReads = 0;
  }

  /** The length field of the first frame, which may be a lie; nothing while fewer than four bytes are there. */
  frameSize(): number | undefined {
    return this.buffered < 4 ? undefined : this.view.getInt32(this.start);
  }

  /** The first two bytes of the first frame's content (the API key), once they are there. */
  frameKey(): number | undefined {
    return this.buffered < 6 ? undefined : this.view.getInt16(this.start + 4);
  }

  /** Where the first frame's content begins in `content`. */
  get frameStart(): number {
    return this.start + 4;
  }

  /** The bytes that frames lie in; another object after a `space()` that moved them. */
  get content(): Uint8Array {
    return this.bytes;
  }

  /** Drops the first frame. */
  consume(size: number): void {
    this.start += 4 + size;
    assert(this.start <= this.end, 'consumed more than was received');
  }

  /** Drops everything. */
  clear(): void {
    this.start = this.end;
  }

  /** The capacity to come down to, when it is larger: nothing is ever grown by this. */
  private wanted(frameBytes: number): number {
    if (this.smallReads >= SMALL_READS) return Math.max(INITIAL_BYTES, 2 * this.buffered);
    return Math.max(KEEP_BYTES, frameBytes, 2 * this.buffered);
  }

  private move(capacity: number): void {
    if (capacity === this.capacity) {
      this.bytes.copyWithin(0, this.start, this.end);
    } else {
      const bytes = Buffer.allocUnsafeSlow(capacity);
      this.bytes.copy(bytes, 0, this.start, this.end);
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.smallReads = 0;
    }
    this.end -= this.start;
    this.start = 0;
  }
}
