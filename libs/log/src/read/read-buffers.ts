/**
 * Buffers for reads from disk, lent and given back, so that serving cold data makes no garbage. Sizes are powers of
 * two from 64 KiB to 4 MiB; what is larger is made for the one read. Shared by all logs of a broker.
 */

const SIZE_MIN = 64 * 1024;
const SIZE_MAX = 4 * 1024 * 1024;

export class ReadBuffers {
  private readonly free = new Map<number, Uint8Array[]>();
  private pooled = 0;

  /** `bytesMax` is kept for reuse at the most. */
  constructor(private readonly bytesMax: number) {}

  /** A buffer of at least `length` bytes. */
  take(length: number): Uint8Array {
    let size = SIZE_MIN;
    while (size < length) size *= 2;
    if (size > SIZE_MAX) return Buffer.allocUnsafeSlow(length);
    const buffer = this.free.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.pooled -= size;
    return buffer;
  }

  give(buffer: Uint8Array): void {
    const size = buffer.length;
    if (size > SIZE_MAX || size < SIZE_MIN || this.pooled + size > this.bytesMax) return;
    let buffers = this.free.get(size);
    if (buffers === undefined) {
      buffers = [];
      this.free.set(size, buffers);
    }
    buffers.push(buffer);
    this.pooled += size;
  }
}
